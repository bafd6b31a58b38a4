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
  clientIs: 'authenticated' | 'registered' | 'claimed' | undefined;
  /** Where it is known and the client is not. */
  instanceId: string | undefined;
  /** The error of the answer. */
  error: string;
  why: Why | undefined;
}
