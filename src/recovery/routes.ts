/**
 * The ways of people by mail: to a new password when they forgot theirs, to the first one when they are
 * invited, and to another address.
 * Nothing here signs anybody in. A link works once, in the browser that asked for it; a GET uses nothing. The routes exist
 * only if the server sends mail.
 */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { onlyFromOwnPages } from '../http/pages/own-pages.ts';
import { redirect } from '../http/pages/redirect.ts';
import { createRouter } from '../http/routing.ts';
import { decideAddress, showAddress } from './address.ts';
import { ask, showAsk } from './ask.ts';
import { showCode, tryCode } from './code.ts';
import type { RecoveryDependencies } from './dependencies.ts';
import { inviteAgain, setPassword, showDone, showPassword } from './password.ts';
import { interactionIn, readVisit, type Visit } from './visit.ts';

type Serve = (visit: Visit, dependencies: RecoveryDependencies) => Promise<void> | void;

export function recoveryRoutes(dependencies: RecoveryDependencies): Router {
  const router = createRouter();
  router.use(onlyFromOwnPages(dependencies.issuer));
  const at = (serve: Serve) => async (ctx: Context) =>
    serve(await readVisit(ctx, dependencies), dependencies);

  router.get(
    '/recovery/:instance',
    at((visit) => showAsk(visit, dependencies)),
  );
  router.post('/recovery/:instance', at(ask));
  router.get(
    '/recovery/:instance/code',
    at((visit) => showCode(visit, dependencies)),
  );
  router.post('/recovery/:instance/code', at(tryCode));
  for (const [path, kind] of [
    ['password', 'reset'],
    ['invitation', 'invitation'],
  ] as const) {
    router.get(
      `/recovery/:instance/${path}`,
      at((visit) => showPassword(visit, dependencies, kind)),
    );
    router.post(
      `/recovery/:instance/${path}`,
      at((visit) => setPassword(visit, dependencies, kind)),
    );
  }
  router.post('/recovery/:instance/invitation/again', at(inviteAgain));
  router.get('/recovery/:instance/address', at(showAddress));
  router.post('/recovery/:instance/address', at(decideAddress));
  router.get(
    '/recovery/:instance/done',
    at((visit) => showDone(visit, dependencies, interactionIn(visit.given))),
  );
  // A form's answer was opened again, without the form.
  router.get('/recovery/:instance/invitation/again', (ctx) =>
    redirect(ctx, `/recovery/${ctx.params.instance}/invitation`),
  );
  return router;
}
