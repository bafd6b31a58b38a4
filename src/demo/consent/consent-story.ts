import type { Failure } from '../failure.ts';
import type { Tokens } from '../issuer.ts';
import type { Exchange } from '../requests/exchange.ts';
import type { Authorization } from '../requests/request-views.ts';

/** One sign-in with consent, as the demo shows it. */
export interface ConsentStory {
  authorization: Authorization;
  /** Whether the request insisted on asking (`prompt=consent`). */
  insisted: boolean;
  /** Whether this browser's visitor had allowed it before. */
  allowedBefore: boolean;
  /** Present when the person allowed it. */
  tokens?: Tokens | undefined;
  codeExchange?: Exchange | undefined;
  /** Present when there are no tokens. */
  failure?: Failure | undefined;
}
