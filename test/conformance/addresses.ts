import type { Plan } from './plans.ts';

/** The addresses of a run. */
export interface Addresses {
  /** The origin of this server, as the suite reaches it. */
  issuer: string;
  /** The origin of the suite, as this server and its browser reach it. */
  suite: string;
  /** The beginning of each plan's alias, so that two people can use one suite. */
  alias: string;
}

export const aliasOf = ({ alias }: Addresses, { id }: Plan): string => `${alias}-${id}`;

/** The address below which the suite answers for a plan. */
export const suiteAddressOf = (addresses: Addresses, plan: Plan): string =>
  `${addresses.suite}/test/a/${aliasOf(addresses, plan)}`;
