/** How a person proved who they are; the values of RFC 8176 follow from it (`amrOf`). */
export type Method = 'pwd' | 'otp' | 'passkey' | 'recovery' | 'upstream';

export interface Proof {
  method: Method;
  /** When, in epoch seconds; 0 where only the person's own provider knows. */
  at: number;
  /** The methods that the person's own provider names, where we may repeat them. */
  amr?: string[];
  /** The stored factor, by kind and id, which must still exist at the end of the sign-in: `totp:…`. */
  factor?: string;
  /** When the person's own provider answered that they signed in anew there, and did not say when. */
  answeredAt?: number;
  /** Whether it was proven in an earlier sign-in of the session. */
  before?: boolean;
  /** Whether that was too long ago for changes of the person's own factors. */
  stale?: boolean;
}

/** RFC 8176: several factors were used. */
export const SEVERAL_FACTORS = 'mfa';

/** Whether somebody is identified. The other methods only add to that. */
export function identifies({ method }: Pick<Proof, 'method'>): boolean {
  return method === 'pwd' || method === 'upstream' || method === 'passkey';
}

/**
 * Whether two factors were proven. A passkey is two: the device has it, and the device verified its person. A recovery
 * code stands in for the device.
 */
export function areTwoFactors(proofs: readonly Proof[]): boolean {
  return proofs.some(
    ({ method, amr }) =>
      method === 'passkey' || method === 'otp' || method === 'recovery' || amr?.includes(SEVERAL_FACTORS),
  );
}

const AMR: Record<Method, readonly string[]> = {
  pwd: ['pwd'],
  upstream: [],
  otp: ['otp'],
  // Whether its key is kept in hardware is not known.
  passkey: ['pop', 'user'],
  // RFC 8176 has no name for one.
  recovery: [],
};

const METHODS = Object.keys(AMR) as Method[];

/** The `amr` of a sign-in (RFC 8176). Undefined where only the person's own provider knows, or may say. */
export function amrOf(proofs: readonly Proof[]): string[] | undefined {
  // Whatever was proven first, the order is the same.
  const names = METHODS.flatMap((method) =>
    proofs.flatMap((proof) => (proof.method === method ? [...AMR[method], ...(proof.amr ?? [])] : [])),
  );
  const all = areTwoFactors(proofs) ? [...names, SEVERAL_FACTORS] : names;
  return all.length > 0 ? [...new Set(all)] : undefined;
}

/**
 * The proofs of a session that has no list of them, because an older release began or wrote it. `amr` is all that it
 * says.
 */
export function proofsFromAmr(amr: readonly string[] | undefined, at: number): Proof[] {
  if (!amr) return [{ method: 'upstream', at }];
  const rest = new Set(amr);
  const proofs = (['pwd', 'otp', 'passkey'] as const).filter((method) =>
    AMR[method].every((name) => rest.has(name)),
  );
  for (const name of proofs.flatMap((method) => AMR[method])) rest.delete(name);
  if (areTwoFactors(proofs.map((method) => ({ method, at })))) rest.delete(SEVERAL_FACTORS);
  return [
    ...proofs.map((method) => ({ method, at })),
    ...(rest.size > 0 ? [{ method: 'upstream' as const, at, amr: [...rest] }] : []),
  ];
}
