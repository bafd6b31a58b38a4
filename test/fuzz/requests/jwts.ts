import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import fc from 'fast-check';
import type { JWK } from 'jose';
import { illTyped } from './values.ts';

/** One thing that is wrong with a JWT that is otherwise right, and rightly signed. */
export interface Fault {
  part: 'header' | 'claims';
  /** `within` changes a member of the object `name`, such as the embedded key of a DPoP proof. */
  how: 'set' | 'remove' | 'first' | 'last' | 'within' | 'whole' | 'many' | 'unsigned';
  name: string;
  member: string;
  json: string;
}

const NAMES = {
  header: 'alg typ kid jwk jku x5c x5u x5t crit b64 cty zip enc p2c __proto__'.split(' '),
  claims:
    `iss sub aud exp iat nbf jti azp auth_time acr amr nonce at_hash c_hash s_hash sid events typ token_use scp
    scope cnf client_id htm htu ath name firstName lastName given_name family_name email email_verified worker_ids
    users _claim_names __proto__ constructor toJSON`.split(/\s+/),
};
const MEMBERS = 'kty crv x y d n e k alg use key_ops kid ext oth jkt __proto__'.split(' ');

const HOW = [
  'set',
  'set',
  'set',
  'set',
  'remove',
  'first',
  'last',
  'within',
  'whole',
  'many',
  'unsigned',
] as const;

const faultIn = (part: Fault['part']) =>
  fc.record({
    part: fc.constant(part),
    how: fc.constantFrom(...HOW),
    name: fc.constantFrom(...NAMES[part]),
    member: fc.constantFrom(...MEMBERS),
    json: illTyped,
  });

export const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 1, arbitrary: faultIn('header') },
  { weight: 3, arbitrary: faultIn('claims') },
);

type Members = Record<string, unknown>;

/** A signed JWT with the faults. */
export function signedJwt(
  base: { header: Members; claims: Members; key: KeyObject; alg: string },
  faults: readonly Fault[],
): string {
  const written = (part: Fault['part']) =>
    encoded(
      spoilt(
        Object.entries(base[part]),
        faults.filter((fault) => fault.part === part),
      ),
    );
  const content = `${written('header')}.${written('claims')}`;
  if (faults.some(({ how }) => how === 'unsigned')) return `${content}.${encoded('no signature')}`;
  return `${content}.${signature(content, base)}`;
}

function spoilt(members: readonly (readonly [string, unknown])[], faults: readonly Fault[]): string {
  let entries = members.map(([name, content]) => [name, JSON.stringify(content)] as const);
  for (const { how, name, member, json } of faults) {
    const others = entries.filter(([other]) => other !== name);
    if (how === 'whole') return json;
    if (how === 'set') entries = [...others, [name, json]];
    if (how === 'remove') entries = others;
    if (how === 'first') entries = [[name, json], ...entries];
    if (how === 'last') entries = [...entries, [name, json]];
    if (how === 'many')
      entries = [...entries, ...Array.from({ length: 200 }, (_, n) => [`${name}${n}`, '1'] as const)];
    if (how === 'within')
      entries = [...others, [name, within(Object.fromEntries(members)[name], member, json)]];
  }
  return `{${entries.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`;
}

/** The object, or the list's first item, with a member that is ill-typed. */
function within(object: unknown, member: string, json: string): string {
  const members = Object.entries(typeof object === 'object' && object !== null ? object : {});
  const kept = members.filter(([name]) => name !== member);
  return `{${[...kept.map(([name, content]) => `${JSON.stringify(name)}:${JSON.stringify(content)}`), `${JSON.stringify(member)}:${json}`].join(',')}}`;
}

function signature(content: string, { key, alg }: { key: KeyObject; alg: string }): string {
  const options = alg === 'ES256' ? ({ key, dsaEncoding: 'ieee-p1363' } as const) : key;
  return sign('sha256', Buffer.from(content), options).toString('base64url');
}

function encoded(text: string): string {
  return Buffer.from(text).toString('base64url');
}

export function privateKey(jwk: JWK): KeyObject {
  return createPrivateKey({ key: jwk as never, format: 'jwk' });
}
