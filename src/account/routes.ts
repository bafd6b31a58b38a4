/**
 * The pages on which people see to their own accounts. Nobody signs in here: whoever has no session goes through the
 * authorization endpoint, as at any application, and comes back. Plain forms, which work without JavaScript.
 */
import type Router from '@koa/router';
import { accountAddress, accountReturnAddress } from '../clients/account-client.ts';
import type { RequestParameters } from '../http/input/parameters.ts';
import { onlyFromOwnPages } from '../http/pages/own-pages.ts';
import { redirect } from '../http/pages/redirect.ts';
import { createRouter } from '../http/routing.ts';
import { ADDRESS, changeAddress, showAddress } from './address.ts';
import type { AccountDependencies } from './dependencies.ts';
import { showEntrance } from './entrance.ts';
import { APP, addApp, REMOVE_APP, removeApp, showApp, showRemoveApp } from './factors/authenticator-app.ts';
import {
  ADD_PASSKEY,
  addPasskey,
  REMOVE_PASSKEY,
  RENAME_PASSKEY,
  removePasskey,
  renamePasskey,
  showAddPasskey,
  showRemovePasskey,
  showRenamePasskey,
} from './factors/passkeys.ts';
import { makeNewCodes, RECOVERY_CODES, showNewCodes } from './factors/recovery-codes.ts';
import { endApplication, endOtherSessions, endSession, FORMS } from './forms.ts';
import { showOverview } from './overview.ts';
import { changePassword, PASSWORD, showPassword } from './password.ts';
import { freshProof, isProven, proofTooOld } from './proof.ts';
import { beginSignIn, CONFIRMED, endSignIn } from './sign-in.ts';
import {
  type AccountVisit,
  findVisit,
  instanceOf,
  nothingHere,
  readAccountForm,
  signedOutMeanwhile,
} from './visit.ts';

const HOME = accountAddress(':instance');

type Show = (visit: AccountVisit, dependencies: AccountDependencies) => Promise<void>;
type Act = (visit: AccountVisit, form: RequestParameters, dependencies: AccountDependencies) => Promise<void>;

/** The pages on which people change how they sign in, each with its form. All ask for a fresh proof. */
const CHANGES: readonly [path: string, show: Show, act: Act][] = [
  [PASSWORD, showPassword, changePassword],
  [ADDRESS, showAddress, changeAddress],
  [APP, showApp, addApp],
  [REMOVE_APP, showRemoveApp, removeApp],
  [RECOVERY_CODES, showNewCodes, makeNewCodes],
  [ADD_PASSKEY, showAddPasskey, addPasskey],
  [RENAME_PASSKEY, showRenamePasskey, renamePasskey],
  [REMOVE_PASSKEY, showRemovePasskey, removePasskey],
];

export function accountRoutes(dependencies: AccountDependencies): Router {
  const router = createRouter();
  router.use(onlyFromOwnPages(dependencies.issuer));
  const page = (path: string, show: Show, { fresh = false } = {}) =>
    router.get(`${HOME}${path}`, async (ctx) => {
      const instance = await instanceOf(ctx, dependencies);
      const visit = await findVisit(ctx, instance, dependencies);
      const page = ctx.path.slice(accountAddress(instance.id).length);
      // It goes into a cookie, which holds no semicolon, and ends at a dot.
      if (!/^[\w/-]*$/.test(page)) throw nothingHere();
      const way = {
        page,
        asked: fresh ? freshProof(instance) : {},
      };
      if (!visit) return beginSignIn(ctx, instance, dependencies, way);
      if (!fresh || (await isProven(visit, dependencies))) return show(visit, dependencies);
      // A browser that comes from there without enough proof would be sent round and round.
      if (ctx.query[CONFIRMED] !== undefined) throw proofTooOld(ctx.path);
      return beginSignIn(ctx, instance, dependencies, way);
    });
  const form = (path: string, act: Act, { fresh = false } = {}) =>
    router.post(`${HOME}${path}`, async (ctx) => {
      const instance = await instanceOf(ctx, dependencies);
      const visit = await findVisit(ctx, instance, dependencies);
      if (!visit) throw signedOutMeanwhile(instance);
      const given = await readAccountForm(visit, dependencies);
      if (fresh && !(await isProven(visit, dependencies))) throw proofTooOld(ctx.path);
      await act(visit, given, dependencies);
    });
  /** For the address of a form that was opened again, without the form. */
  const home = (path: string) =>
    router.get(`${HOME}${path}`, async (ctx) =>
      redirect(ctx, accountAddress((await instanceOf(ctx, dependencies)).id)),
    );

  router.get('/account', (ctx) => showEntrance(ctx, dependencies));
  page('', showOverview);
  form(FORMS.endSession, endSession);
  form(FORMS.endOtherSessions, endOtherSessions);
  form(FORMS.endApplication, endApplication);
  Object.values(FORMS).forEach(home);
  for (const [path, show, act] of CHANGES) {
    page(path, show, { fresh: true });
    form(path, act, { fresh: true });
  }
  router.get(accountReturnAddress(':instance'), async (ctx) =>
    endSignIn(ctx, await instanceOf(ctx, dependencies), dependencies),
  );
  return router;
}
