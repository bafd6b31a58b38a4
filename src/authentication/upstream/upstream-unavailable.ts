import type { Refusal } from '../../refusals/reasons.ts';

/** The upstream provider could not be reached. It has a file of its own, because the pages need nothing else of this room. */
export class UpstreamUnavailable extends Error {
  readonly why: Refusal | undefined;

  constructor(cause: unknown, why?: Refusal) {
    super('The upstream provider could not be reached.', { cause });
    this.name = 'UpstreamUnavailable';
    this.why = why;
  }
}
