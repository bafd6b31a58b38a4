import type { Config } from '../config.ts';
import { type FindPageOwner, respond } from '../http/error-handler.ts';
import { type AskingBrowser, createAskingBrowser } from '../http/pages/asking-browser.ts';
import { type Csrf, createCsrf } from '../http/pages/csrf.ts';
import { createViews, type Views } from '../http/pages/views.ts';
import { createClientLimit, type LimitRequest } from '../http/rate-limits/limit-requests.ts';
import { createRateLimit, type RateLimit } from '../http/rate-limits/rate-limit.ts';
import { requestState } from '../http/records/request-state.ts';
import type { InstanceStore } from '../instances/instance-store.ts';
import { createDevicePages } from '../interactions/device/device-pages.ts';
import { createFindPageOwner } from '../interactions/page-owner.ts';
import { explainProtocolError } from '../interactions/protocol-error.ts';
import type { ProviderDependencies } from '../oidc/provider.ts';
import { requestContext } from '../oidc/request-context.ts';
import type { Registration } from './registration.ts';

/** The parts that all edges share. */
export interface PageParts {
  views: Views;
  csrf: Csrf;
  askingBrowser: AskingBrowser;
  findOwner: FindPageOwner;
  limits: {
    requests: RateLimit;
    /** For the clients of each service. */
    clients: LimitRequest;
    listnrClients: LimitRequest;
  };
}

export function composePages(
  {
    issuer,
    https,
    secrets,
    requestsPerMinute,
    failuresPerMinute,
    production,
  }: Pick<Config, 'issuer' | 'https' | 'secrets' | 'requestsPerMinute' | 'failuresPerMinute' | 'production'>,
  { clients, instances, registration: { remembered } }: Registration,
): PageParts {
  const requests = createRateLimit(requestsPerMinute);
  const limits = { requests, clientFailures: createRateLimit(failuresPerMinute, 'limit.failures') };
  return {
    findOwner: createFindPageOwner({ clients, instances, remembered, issuer, https }),
    views: createViews({ explains: !production }),
    csrf: createCsrf(secrets.cookieKeys),
    askingBrowser: createAskingBrowser({ https }),
    limits: { requests, clients: createClientLimit(limits), listnrClients: createClientLimit(limits) },
  };
}

/** The pages that the library itself shows, in our templates. */
export function libraryPages({
  views,
  findOwner,
  instances,
  production,
}: {
  views: Views;
  findOwner: FindPageOwner;
  instances: InstanceStore;
  production: boolean;
}): Pick<ProviderDependencies, 'devicePages' | 'renderError'> {
  return {
    devicePages: createDevicePages({ views, instances }),
    renderError(ctx, { error, error_description, detail: logged }) {
      // In development, the person at the page is the developer.
      const detail =
        production || !logged || logged === error_description
          ? error_description
          : `${error_description} (${logged})`;
      const { client, facts } = requestContext();
      const state = requestState(ctx.req);
      if (client) state.client = client.id;
      state.why ??= facts.why;
      const page = explainProtocolError(error);
      const answer = { status: ctx.status, code: error, message: page.text, page, detail, headers: {} };
      return respond(ctx, answer, { views, findOwner });
    },
  };
}
