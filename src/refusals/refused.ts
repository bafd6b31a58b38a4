import type { Why } from '../platform/errors.ts';

/** The services, each with its own registrations: Sign in with Listo, and LiSTNR. */
export type Service = 'listo' | 'listnr';

/** A refused request. */
export interface Refused {
  requestId: string;
  service: Service;
  /** As the metrics name it. */
  endpoint: string;
  status: number;
  /** The client that it named, and how sure that is. */
  clientId: string | undefined;
  /** The whole name, where `clientId` may have only its beginning. It is written if a client has it. */
  claim: string | undefined;
  clientIs: 'authenticated' | 'registered' | 'claimed' | undefined;
  /** Where it is known and the client is not. */
  instanceId: string | undefined;
  /** The error of the answer. */
  error: string;
  why: Why | undefined;
}
