/** Why nothing is reported, in a sentence for whoever runs the benchmark: printed as it stands, without a stack. */
export class Refusal extends Error {}
