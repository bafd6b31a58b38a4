import type { Config } from '../config.ts';
import { respond } from '../http/error-handler.ts';
import { type Csrf, createCsrf } from '../http/pages/csrf.ts';
import { createViews, type Views } from '../http/pages/views.ts';
import { createClientLimit, type LimitClients } from '../http/rate-limits/limit-requests.ts';
import { createRateLimit, type RateLimit } from '../http/rate-limits/rate-limit.ts';
import type { InstanceStore } from '../instances/instance-store.ts';
import { createDevicePages } from '../interactions/device/device-pages.ts';
import { explainProtocolError } from '../interactions/protocol-error.ts';
import type { ProviderDependencies } from '../oidc/provider.ts';

/** The parts that all edges share. */
export interface PageParts {
  views: Views;
  csrf: Csrf;
  limits: {
    requests: RateLimit;
    /** For the clients of each service. */
    clients: LimitClients;
    listnrClients: LimitClients;
  };
}

export function composePages({
  secrets,
  requestsPerMinute,
  failuresPerMinute,
}: Pick<Config, 'secrets' | 'requestsPerMinute' | 'failuresPerMinute'>): PageParts {
  const requests = createRateLimit(requestsPerMinute);
  const limits = { requests, clientFailures: createRateLimit(failuresPerMinute) };
  return {
    views: createViews(),
    csrf: createCsrf(secrets.cookieKeys),
    limits: { requests, clients: createClientLimit(limits), listnrClients: createClientLimit(limits) },
  };
}

/** The pages that the library itself shows, in our templates. */
export function libraryPages({
  views,
  instances,
  production,
}: {
  views: Views;
  instances: InstanceStore;
  production: boolean;
}): Pick<ProviderDependencies, 'devicePages' | 'renderError'> {
  return {
    devicePages: createDevicePages({ views, instances }),
    renderError(ctx, { error, error_description, detail: logged }) {
      const message = explainProtocolError(error);
      // In development, the person at the page is the developer.
      const detail =
        production || !logged || logged === error_description
          ? error_description
          : `${error_description} (${logged})`;
      const answer = { status: ctx.status, code: error, message, detail, headers: {} };
      respond(ctx, answer, views);
    },
  };
}
