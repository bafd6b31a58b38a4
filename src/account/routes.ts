/**
 * The pages on which people see to their own accounts. Nobody signs in here: whoever has no session goes through the
 * authorization endpoint, as at any application, and comes back. Plain forms, which work without JavaScript.
 */
import type Router from '@koa/router';
import { accountAddress, accountReturnAddress } from '../clients/account-client.ts';
import { onlyFromOwnPages } from '../http/pages/own-pages.ts';
import { redirect } from '../http/pages/redirect.ts';
import { createRouter } from '../http/routing.ts';
import type { AccountDependencies } from './dependencies.ts';
import { showEntrance } from './entrance.ts';
import { endApplication, endOtherSessions, endSession, FORMS } from './forms.ts';
import { showOverview } from './overview.ts';
import { beginSignIn, endSignIn } from './sign-in.ts';
import { type AccountVisit, findVisit, instanceOf, signedOutMeanwhile } from './visit.ts';

const HOME = accountAddress(':instance');

type Serve = (visit: AccountVisit, dependencies: AccountDependencies) => Promise<void>;

export function accountRoutes(dependencies: AccountDependencies): Router {
  const router = createRouter();
  router.use(onlyFromOwnPages(dependencies.issuer));
  const page = (path: string, serve: Serve) =>
    router.get(`${HOME}${path}`, async (ctx) => {
      const instance = await instanceOf(ctx, dependencies);
      const visit = await findVisit(ctx, instance, dependencies);
      if (visit) await serve(visit, dependencies);
      else beginSignIn(ctx, instance, dependencies, { page: path });
    });

  const form = (path: string, serve: Serve) => {
    router.post(`${HOME}${path}`, async (ctx) => {
      const instance = await instanceOf(ctx, dependencies);
      const visit = await findVisit(ctx, instance, dependencies);
      if (!visit) throw signedOutMeanwhile(instance);
      await serve(visit, dependencies);
    });
    // A form's answer was opened again, without the form.
    router.get(`${HOME}${path}`, async (ctx) =>
      redirect(ctx, accountAddress((await instanceOf(ctx, dependencies)).id)),
    );
  };

  router.get('/account', (ctx) => showEntrance(ctx, dependencies));
  page('', showOverview);
  form(FORMS.endSession, endSession);
  form(FORMS.endOtherSessions, endOtherSessions);
  form(FORMS.endApplication, endApplication);
  router.get(accountReturnAddress(':instance'), async (ctx) =>
    endSignIn(ctx, await instanceOf(ctx, dependencies), dependencies),
  );
  return router;
}
