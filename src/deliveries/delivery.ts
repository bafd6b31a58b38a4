/** Something that is to be sent to others: a row of the outbox. */
export interface Delivery {
  /** Its number, as text: it may be larger than a JavaScript number is exact. */
  id: string;
  kind: string;
  /** The application to which it goes. */
  clientId: string | null;
  payload: Readonly<Record<string, unknown>>;
  /** The number of this attempt, from 1 on. */
  attempt: number;
  /** Nothing is sent from this time on. */
  giveUpAt: Date;
  /** Deliveries of one lane are sent a few at a time. */
  lane: string;
}

/**
 * Sends a delivery, and resolves when the receiver has it. It is called again for a delivery whose outcome was lost, so a
 * receiver may get it twice. It never takes longer than `SEND_WITHIN_MS`.
 * @throws UndeliveredError with the reason, for which the delivery is tried again.
 */
export type Sender = (delivery: Delivery) => Promise<void>;

/** The longest that a sender takes: longer than a request outside (platform/network/outbound-fetch.ts). */
export const SEND_WITHIN_MS = 12_000;

/** Says to an operator why a delivery failed. Its message has nothing secret, and nothing that the receiver wrote. */
export class UndeliveredError extends Error {
  /** Whether another attempt would fail alike. The receiver answered, so others of its lane are no slower for it. */
  readonly isFinal: boolean;

  constructor(message: string, cause?: unknown, { isFinal = false }: { isFinal?: boolean } = {}) {
    super(message, { cause });
    this.name = 'UndeliveredError';
    this.isFinal = isFinal;
  }
}
