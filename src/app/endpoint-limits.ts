import type { Services } from '../compose.ts';
import { type LimitRequest, limitTokens } from '../http/rate-limits/limit-requests.ts';

/** The first of all limits has counted the requests of the long way that name no client. */
export const COUNTED = { isCounted: true };

/**
 * The limit of each endpoint for programs, on both ways. `isCounted` says that requests which name no client were
 * counted before, as on the long way: there, a browser at userinfo is refused with a page.
 */
export function endpointLimits(
  { requests, clients, listnrClients }: Services['limits'],
  { isCounted }: { isCounted: boolean },
): Record<keyof Services['endpoints'], LimitRequest> {
  return {
    token: clients,
    introspection: clients,
    revocation: clients,
    userinfo: limitTokens(requests, { isCounted }),
    explain: clients,
    issueToken: listnrClients,
    explainListnr: listnrClients,
  };
}
