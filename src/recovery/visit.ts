import type { Context } from 'koa';
import { readForm } from '../http/input/body.ts';
import { parseParameters, type RequestParameters, singleValue } from '../http/input/parameters.ts';
import type { PageOptions } from '../http/pages/views.ts';
import { requestState } from '../http/records/request-state.ts';
import { brandOf } from '../instances/brand.ts';
import type { Instance } from '../instances/instance.ts';
import type { AskedBy } from '../mail/links/password-links.ts';
import { interactionAddress } from '../oidc/routes.ts';
import { HttpError } from '../platform/errors.ts';
import type { RecoveryDependencies } from './dependencies.ts';

/** A request for one of these pages. */
export interface Visit {
  ctx: Context;
  instance: Instance;
  /** The value of the browser's cookie. */
  browser: string;
  /** The fields of a form, or the parameters of the address. */
  given: RequestParameters;
}

/** @throws HttpError 404 where nobody signs in with a password. A form is checked to come from these pages. */
export async function readVisit(
  ctx: Context,
  { instances, askingBrowser, csrf }: RecoveryDependencies,
): Promise<Visit> {
  const id = String(ctx.params.instance);
  const instance = /^[a-z0-9-]{1,40}$/.test(id) ? await instances.find(id) : undefined;
  if (instance?.authentication !== 'password')
    throw new HttpError({ status: 404, code: 'not_found', message: 'There is nothing at this address.' });
  requestState(ctx.req).instance = instance.id;
  if (ctx.method !== 'POST')
    return { ctx, instance, browser: askingBrowser.of(ctx), given: parseParameters(ctx.querystring) };
  const given = await readForm(ctx.req);
  const browser = askingBrowser.ofForm(ctx);
  csrf.check(given.csrf, binding(browser));
  return { ctx, instance, browser, given };
}

/** Shows a page in the instance's look, with what each form of these pages needs. */
export function showPage(
  { ctx, instance, browser }: Visit,
  { views, csrf }: Pick<RecoveryDependencies, 'views' | 'csrf'>,
  name: string,
  model: Record<string, unknown>,
  status = 200,
  { scripts = false }: Pick<PageOptions, 'scripts'> = {},
): void {
  ctx.status = status;
  const common = { csrf: csrf.token(binding(browser)), home: addressOf(instance.id) };
  views.render(ctx, name, { ...common, ...model }, { brand: brandOf(instance), isolated: true, scripts });
}

/** A page that only says something, and leads on. */
export function showMessage(
  visit: Visit,
  dependencies: Pick<RecoveryDependencies, 'views' | 'csrf'>,
  message: {
    title: string;
    text: string;
    isDone?: boolean;
    status?: number;
    /** The ways on. */
    signIn?: string | undefined;
    askAgain?: string;
    account?: string;
  },
): void {
  const { status = 400, ...model } = message;
  showPage(visit, dependencies, 'recovery/message', model, status);
}

/** The address of one of these pages. */
export function addressOf(instanceId: string, step = '', parameters: Record<string, string> = {}): string {
  const query = new URLSearchParams(parameters).toString();
  return `/recovery/${instanceId}${step}${query ? `?${query}` : ''}`;
}

/** The person's own page (the edge `account/`). */
export function accountOf({ instance }: Visit): string {
  return `/account/${instance.id}`;
}

/** The interaction that the address of a page names, to go on there afterwards. */
export function interactionIn({ interaction, client_id }: RequestParameters): AskedBy['interaction'] {
  const [uid, clientId] = [singleValue(interaction), singleValue(client_id)];
  if (uid === undefined || clientId === undefined) return undefined;
  return /^[\w-]{1,64}$/.test(uid) && clientId.length <= 255 ? { uid, clientId } : undefined;
}

/** The same as parameters of an address. */
export function parametersOf(interaction: AskedBy['interaction']): Record<string, string> {
  return interaction ? { interaction: interaction.uid, client_id: interaction.clientId } : {};
}

/** The way back to where the person was about to sign in. */
export function wayBack(interaction: AskedBy['interaction']): string | undefined {
  return interaction && interactionAddress(interaction.uid, interaction.clientId);
}

function binding(browser: string): string {
  return `recovery:${browser}`;
}
