import type { Context } from 'koa';
import { accountAddress } from '../clients/account-client.ts';
import { redirect } from '../http/pages/redirect.ts';
import type { Instance } from '../instances/instance.ts';
import { findSignedIn } from '../oidc/session.ts';
import { instancesKnowingBrowser } from '../sessions/known-browser-cookie.ts';
import { instancesInCookies } from '../sessions/session-cookie.ts';
import type { AccountDependencies } from './dependencies.ts';

/** More places than anybody chooses from; each costs a look-up. */
const MOST_PLACES = 10;

/** A place at which somebody may have an account, as the cookies of this browser say. */
interface Place {
  instance: Instance;
  personName: string | undefined;
}

/**
 * `/account` without an instance: leads to the account in the only place that this browser knows, or asks which is
 * meant. A person is signed in there, or once was.
 */
export async function showEntrance(ctx: Context, dependencies: AccountDependencies): Promise<void> {
  const places = await findPlaces(ctx, dependencies);
  const [only, ...others] = places;
  if (only && others.length === 0) return redirect(ctx, accountAddress(only.instance.id));
  dependencies.views.render(ctx, 'account/entrance', {
    title: only ? 'Which account?' : 'Your account',
    places: places.map(({ instance, personName }) => ({
      instanceId: instance.id,
      instanceName: instance.name,
      personName,
      href: accountAddress(instance.id),
    })),
  });
}

async function findPlaces(
  ctx: Context,
  { live, instances, https }: Pick<AccountDependencies, 'live' | 'instances' | 'https'>,
): Promise<Place[]> {
  const cookies = ctx.get('cookie');
  const ids = [...instancesInCookies(cookies, { https }), ...instancesKnowingBrowser(cookies, { https })];
  const found: Place[] = [];
  for (const id of [...new Set(ids)].slice(0, MOST_PLACES)) {
    const instance = await instances.find(id);
    if (!instance) continue;
    const signedIn = await findSignedIn(ctx, live.current, id);
    found.push({
      instance,
      personName: signedIn && (signedIn.person.name ?? signedIn.person.email ?? 'somebody'),
    });
  }
  const withPerson = found.filter(({ personName }) => personName !== undefined);
  return withPerson.length > 0 ? withPerson : found;
}
