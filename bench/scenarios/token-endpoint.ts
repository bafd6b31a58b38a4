import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal } from '../../scripts/refusal.ts';
import { exchange, GAVE_TOKENS, makeCodes, makeTokens, tokenRequest } from '../load/material.ts';
import { rendered, writeRequests } from '../load/request.ts';
import type { Scenario } from './scenario.ts';

/** Chains of refresh tokens: many more than connections, so that each chain rests between its requests. */
const CHAINS = 400;

export const codeExchange: Scenario = {
  name: 'code-exchange',
  title: 'Code exchange',
  limit: { of: 'signatures', each: 2 },
  floor: { signatures: 2 },
  target: { kind: 'ratio', atLeast: 0.45 },
  general: true,
  perishable: true,
  async prepare(workshop, count) {
    const codes = await makeCodes(workshop, count);
    const requests = join(workshop.folder, 'exchange.requests');
    writeRequests(
      requests,
      codes.map((code) => exchange(workshop.target, code)),
    );
    return { requests, order: 'once', expected: GAVE_TOKENS };
  },
};

export const refresh: Scenario = {
  name: 'refresh',
  title: 'Refresh',
  limit: { of: 'signatures', each: 2 },
  floor: { signatures: 2 },
  target: { kind: 'ratio', atLeast: 0.5 },
  general: true,
  async prepare({ folder, ...workshop }) {
    const made = await makeTokens({ folder, ...workshop }, CHAINS);
    const chains = made.flatMap(({ refresh_token }) => refresh_token ?? []);
    if (chains.length === 0) throw new Refusal('The server gave no refresh token.');
    const [requests, tokens] = [join(folder, 'refresh.requests'), join(folder, 'refresh.tokens')];
    writeFileSync(tokens, chains.join('\n'), { mode: 0o600 });
    const grant = { grant_type: 'refresh_token', refresh_token: 'TOKEN' };
    const template = rendered(tokenRequest(workshop.target, grant), '{length}');
    // A form can contain refresh tokens without encoding.
    writeFileSync(requests, template.replace('refresh_token=TOKEN', 'refresh_token={token}'), {
      mode: 0o600,
    });
    const marker = '"refresh_token"%s*:%s*"[^"]';
    return { requests, tokens, order: 'chain', expected: { status: 200, marker } };
  },
};
