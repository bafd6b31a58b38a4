import { brandOf } from '../instances/brand.ts';
import type { AccountDependencies } from './dependencies.ts';
import { type AccountVisit, formToken } from './visit.ts';

/** The first page: who is signed in, where, and which applications they allowed. */
export async function showOverview(visit: AccountVisit, dependencies: AccountDependencies): Promise<void> {
  const { ctx, instance, person } = visit;
  dependencies.views.render(
    ctx,
    'account',
    {
      title: 'Your account',
      personName: person.name ?? person.email ?? 'You',
      personEmail: person.name ? person.email : null,
      csrf: formToken(visit, dependencies),
    },
    { brand: brandOf(instance), isolated: true },
  );
}
