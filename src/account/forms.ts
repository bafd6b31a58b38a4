import { accountAddress } from '../clients/account-client.ts';
import { type RequestParameters, singleValue } from '../http/input/parameters.ts';
import { originOf } from '../http/records/request-state.ts';
import type { Instance } from '../instances/instance.ts';
import type { AccountDependencies } from './dependencies.ts';
import { DONE, goHome } from './done.ts';
import type { AccountVisit } from './visit.ts';

/** The forms of the first page, with the paths to which they are sent. */
export const FORMS = {
  endSession: '/sessions/end',
  endOtherSessions: '/sessions/end-others',
  endApplication: '/applications/end',
} as const;

export function addressOf({ id }: Pick<Instance, 'id'>, form: keyof typeof FORMS): string {
  return `${accountAddress(id)}${FORMS[form]}`;
}

/** A name that is not one of this person's sessions ends nothing, and says nothing. */
export async function endSession(
  visit: AccountVisit,
  form: RequestParameters,
  dependencies: AccountDependencies,
): Promise<void> {
  await dependencies.sessions.endOf(visit.person.id, singleValue(form.session) ?? '', {
    origin: originOf(visit.ctx.req),
    cause: 'ended_by_person',
  });
  goHome(visit, DONE.session);
}

export async function endOtherSessions(
  visit: AccountVisit,
  _form: RequestParameters,
  dependencies: AccountDependencies,
): Promise<void> {
  await dependencies.ownSessions.endOthers(visit.person.id, visit.session.uid, originOf(visit.ctx.req));
  goHome(visit, DONE.sessions);
}

export async function endApplication(
  visit: AccountVisit,
  form: RequestParameters,
  dependencies: AccountDependencies,
): Promise<void> {
  await dependencies.allowedApplications.end(
    visit.person.id,
    singleValue(form.application) ?? '',
    originOf(visit.ctx.req),
  );
  goHome(visit, DONE.application);
}
