import { OperatorError } from '../../platform/errors.ts';
import type { SecretBox } from '../../platform/secrets/secret-box.ts';
import { type Clock, epochSeconds } from '../../platform/time/clock.ts';

/**
 * Authorization requests in addresses of ours (`sealed_request`), readable to this server alone: a request object that
 * was posted, perhaps to keep it out of histories, or a request that is repeated and that its client pushed or signed.
 */
export interface SealedRequests {
  sealObject(request: string, clientId: string): string;
  /** For a minute, as long as a pushed request. */
  sealParameters(parameters: Readonly<Record<string, string>>, clientId: string): string;
  /** Undefined for a text that this server did not seal for the client, or whose time is over. */
  open(sealed: string, clientId: string): SealedRequest | undefined;
}

/** `request` has to be verified. `parameters` come from a request that was. */
type SealedRequest = { request: string } | { parameters: Record<string, string> };

const SECONDS = 60;

export function createSealedRequests({ box, clock }: { box: SecretBox; clock: Clock }): SealedRequests {
  const seal = (content: object, clientId: string) => box.seal(JSON.stringify(content), contextOf(clientId));
  return {
    sealObject: (request, clientId) => seal({ request }, clientId),
    sealParameters: (parameters, clientId) =>
      seal({ parameters, until: epochSeconds(clock) + SECONDS }, clientId),
    open(sealed, clientId) {
      const text = opened(box, sealed, clientId);
      if (text === undefined) return undefined;
      const { until, ...request } = JSON.parse(text) as SealedRequest & { until?: number };
      return until === undefined || until > epochSeconds(clock) ? request : undefined;
    },
  };
}

/** Anybody may have written it. */
function opened(box: SecretBox, sealed: string, clientId: string): string | undefined {
  try {
    return box.open(sealed, contextOf(clientId));
  } catch (error) {
    if (error instanceof OperatorError) return undefined;
    throw error;
  }
}

function contextOf(clientId: string): string {
  return `a request of ${clientId}`;
}
