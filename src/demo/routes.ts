/**
 * The demo is three small relying parties inside the server. They use the server only over HTTP, as a stranger would,
 * so that a newcomer sees what their own application will see. Tokens stay in this process's memory for an hour at
 * most. The routes exist only if the configuration has `demo`.
 */
import type Router from '@koa/router';
import type { Csrf } from '../http/pages/csrf.ts';
import { onlyFromOwnPages } from '../http/pages/own-pages.ts';
import { redirect } from '../http/pages/redirect.ts';
import type { Views } from '../http/pages/views.ts';
import { createRouter } from '../http/routing.ts';
import { finishConsent, showConsent, startConsent } from './consent/consent.ts';
import { ACTIONS, createDemoSessions } from './demo-session.ts';
import { checkNow, showDevice, startDevice } from './device/device.ts';
import { createDeviceClient } from './device/device-client.ts';
import { CONSENT, DEVICE, type Offers, WEB } from './flows.ts';
import { discoverOnFirstUse } from './issuer.ts';
import type { Demo } from './pages.ts';
import { createRelyingParty } from './relying-party.ts';
import { createActions } from './web/actions.ts';
import { createListnrConsumer } from './web/listnr-consumer.ts';
import { act, finishWeb, showWeb, signOut, startWeb } from './web/web.ts';

/** Needs `app.keys`, which sign the session cookie. */
export function demoRoutes(dependencies: {
  issuer: string;
  https: boolean;
  listnrIssuer: string;
  showsMail: boolean;
  offers: Offers;
  views: Views;
  csrf: Csrf;
}): Router {
  const { issuer, https, listnrIssuer } = dependencies;
  const configuration = discoverOnFirstUse(issuer);
  const demo: Demo = {
    ...dependencies,
    sessions: createDemoSessions({ https }),
    web: createRelyingParty(issuer, WEB.client, configuration),
    consent: createRelyingParty(issuer, CONSENT.client, configuration),
    device: createDeviceClient(configuration),
    listnr: createListnrConsumer({ baseUrl: issuer, issuer: listnrIssuer }),
  };
  const actions = createActions(demo);

  const router = createRouter();
  router.use(onlyFromOwnPages(issuer));
  // People open the address that the server prints when it starts.
  router.get('/', (ctx) => redirect(ctx, WEB.home));
  router.get('/demo', (ctx) => showWeb(ctx, demo));
  router.get('/demo/sign-in', (ctx) => startWeb(ctx, demo));
  router.get('/demo/callback', (ctx) => finishWeb(ctx, demo));
  for (const id of ACTIONS) router.post(`/demo/${id}`, (ctx) => act(ctx, demo, { id, action: actions[id] }));
  router.post('/demo/sign-out', (ctx) => signOut(ctx, demo));
  router.get('/demo/consent', (ctx) => showConsent(ctx, demo));
  router.get('/demo/consent/sign-in', (ctx) => startConsent(ctx, demo));
  router.get('/demo/consent/callback', (ctx) => finishConsent(ctx, demo));
  router.get('/demo/device', (ctx) => showDevice(ctx, demo));
  router.get('/demo/device/start', (ctx) => startDevice(ctx, demo));
  router.post('/demo/device/check', (ctx) => checkNow(ctx, demo));
  // A form's answer was opened again, without the form.
  for (const id of [...ACTIONS, 'sign-out']) router.get(`/demo/${id}`, (ctx) => redirect(ctx, WEB.home));
  router.get('/demo/device/check', (ctx) => redirect(ctx, DEVICE.home));
  return router;
}
