/**
 * An error that is not a fault of the program. It is printed without a stack. Scripts, tests and benchmarks throw it;
 * `install.mjs` has a class of its own, because it runs before anything is installed.
 */
export class Refusal extends Error {}
