import type { Context } from 'koa';
import type { Person } from '../accounts/person.ts';
import { accountAddress } from '../clients/account-client.ts';
import { readForm } from '../http/input/body.ts';
import type { RequestParameters } from '../http/input/parameters.ts';
import { logFacts } from '../http/records/log-fields.ts';
import { requestState } from '../http/records/request-state.ts';
import { brandOf } from '../instances/brand.ts';
import type { Instance } from '../instances/instance.ts';
import { findSignedIn, type Session } from '../oidc/session.ts';
import { HttpError } from '../platform/errors.ts';
import type { AccountDependencies } from './dependencies.ts';

/** A person at the pages about their own account, as this browser's session says. */
export interface AccountVisit {
  ctx: Context;
  instance: Instance;
  person: Person;
  session: Session;
}

/** @throws HttpError 404 when there is no such instance. */
export async function instanceOf(
  ctx: Context,
  { instances }: Pick<AccountDependencies, 'instances'>,
): Promise<Instance> {
  const id = String(ctx.params.instance);
  const instance = /^[a-z0-9-]{1,40}$/.test(id) ? await instances.find(id) : undefined;
  if (!instance) throw nothingHere();
  requestState(ctx.req).instance = instance.id;
  return instance;
}

export function nothingHere(): HttpError {
  return new HttpError({ status: 404, code: 'not_found', message: 'There is nothing at this address.' });
}

/** Undefined when nobody is signed in. */
export async function findVisit(
  ctx: Context,
  instance: Instance,
  { live }: Pick<AccountDependencies, 'live'>,
): Promise<AccountVisit | undefined> {
  const signedIn = await findSignedIn(ctx, live.current, instance.id);
  if (!signedIn) return undefined;
  logFacts(ctx.req, { person: signedIn.person.id });
  return { ctx, instance, ...signedIn };
}

/** The token of a form fits this session, and these pages. */
function bindingOf({ session }: AccountVisit): string {
  return `account:${session.uid}:${session.accountId}`;
}

function formToken(visit: AccountVisit, { csrf }: Pick<AccountDependencies, 'csrf'>): string {
  return csrf.token(bindingOf(visit));
}

/** Reads a form of these pages, and checks that this session's page sent it. */
export async function readAccountForm(
  visit: AccountVisit,
  { csrf }: Pick<AccountDependencies, 'csrf'>,
): Promise<RequestParameters> {
  const form = await readForm(visit.ctx.req);
  csrf.check(form.csrf, bindingOf(visit));
  return form;
}

/** For a form whose session ended meanwhile, in another tab or at another device. */
export function signedOutMeanwhile({ id }: Instance): HttpError {
  return new HttpError({
    status: 403,
    code: 'invalid_request',
    message: 'Nobody is signed in any more. Nothing was changed.',
    page: {
      title: 'You are not signed in any more',
      text: 'Nothing was changed.',
      links: [{ does: 'sign_in', href: accountAddress(id), name: 'your account' }],
    },
  });
}

/** The address of one of these pages. */
export function addressIn({ instance }: Pick<AccountVisit, 'instance'>, path: string): string {
  return `${accountAddress(instance.id)}${path}`;
}

/** Shows a page in the instance's look, with what each of them needs. */
export function showPage(
  visit: AccountVisit,
  { views, csrf }: Pick<AccountDependencies, 'views' | 'csrf'>,
  name: string,
  model: Record<string, unknown>,
  { status = 200, scripts = false }: { status?: number; scripts?: boolean } = {},
): void {
  const { ctx, instance } = visit;
  ctx.status = status;
  const common = { csrf: formToken(visit, { csrf }), home: addressIn(visit, '') };
  views.render(ctx, name, { ...common, ...model }, { brand: brandOf(instance), isolated: true, scripts });
}
