import type { Refusal } from '../../refusals/reasons.ts';

/** A proof that is none for its request. The message is the description of an `invalid_dpop_proof`. */
export class RefusedProof extends Error {
  readonly why: Refusal;

  constructor(description: string, why: Refusal, options?: ErrorOptions) {
    super(description, options);
    this.name = 'RefusedProof';
    this.why = why;
  }
}
