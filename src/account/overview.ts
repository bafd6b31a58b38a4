import { deviceInWords } from '../authentication/device-in-words.ts';
import { OFFLINE_ACCESS } from '../clients/allowed-now.ts';
import { scopeTitles } from '../clients/scope-words.ts';
import { PATHS } from '../oidc/routes.ts';
import type { AccountDependencies } from './dependencies.ts';
import { sentenceOf } from './done.ts';
import { shownFactors } from './factors/shown-factors.ts';
import { addressOf } from './forms.ts';
import { agoInWords, dateInWords } from './moment-in-words.ts';
import { type AccountVisit, showPage } from './visit.ts';

/** The first page: who is signed in, where, and which applications they allowed. */
export async function showOverview(visit: AccountVisit, dependencies: AccountDependencies): Promise<void> {
  const { ctx, instance, person } = visit;
  const [factors, sessions, applications] = await Promise.all([
    shownFactors(visit, dependencies),
    shownSessions(visit, dependencies),
    shownApplications(visit, dependencies),
  ]);
  showPage(visit, dependencies, 'account/overview', {
    title: 'Your account',
    personName: person.name ?? person.email ?? 'You',
    personEmail: person.name ? person.email : null,
    notice: sentenceOf(ctx.query.done),
    ...factors,
    sessions,
    applications,
    signOut: `${PATHS.end_session}?${new URLSearchParams({ instance: instance.id })}`,
    endSession: addressOf(instance, 'endSession'),
    endOtherSessions: addressOf(instance, 'endOtherSessions'),
    endApplication: addressOf(instance, 'endApplication'),
  });
}

async function shownSessions(
  { person, session }: AccountVisit,
  { ownSessions, clock }: Pick<AccountDependencies, 'ownSessions' | 'clock'>,
): Promise<object[]> {
  const own = await ownSessions.list(person.id);
  const shown = own.map(async ({ uid, userAgent, begunAt, lastSeenAt }) => ({
    uid,
    isThis: uid === session.uid,
    device: await deviceInWords(userAgent),
    begun: dateInWords(begunAt),
    seen: agoInWords(lastSeenAt ?? begunAt, clock.now()),
  }));
  const all = await Promise.all(shown);
  return [...all.filter(({ isThis }) => isThis), ...all.filter(({ isThis }) => !isThis)];
}

async function shownApplications(
  { person }: AccountVisit,
  { allowedApplications, clock }: Pick<AccountDependencies, 'allowedApplications' | 'clock'>,
): Promise<object[]> {
  const allowed = await allowedApplications.list(person.id);
  return allowed.map(({ clientId, name, scopes, isLasting, since, lastUsedAt }) => ({
    clientId,
    name,
    may: scopeTitles([...scopes, ...(isLasting ? [OFFLINE_ACCESS] : [])]),
    since: dateInWords(since),
    used: lastUsedAt && agoInWords(lastUsedAt, clock.now()),
  }));
}
