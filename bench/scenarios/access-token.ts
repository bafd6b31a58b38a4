import { join } from 'node:path';
import { Refusal } from '../../scripts/refusal.ts';
import { authenticated, makeTokens, type Workshop } from '../load/material.ts';
import { type Request, writeRequests } from '../load/request.ts';
import type { Expected, Play } from '../load/wrk.ts';
import type { Scenario } from './scenario.ts';

/** The number of access tokens that the requests use in turn. */
const TOKENS = 300;

export const userinfo: Scenario = {
  name: 'userinfo',
  title: 'Userinfo',
  limit: { of: 'signatures', each: 1 },
  floor: { signatures: 0 },
  target: { kind: 'serverCpuMs', atMost: 0.4 },
  general: true,
  prepare: (workshop) =>
    playOf(workshop, { status: 200, marker: '"sub"%s*:' }, (token) => ({
      method: 'GET',
      url: workshop.target.endpoints.userinfo,
      headers: { Authorization: `Bearer ${token}` },
    })),
};

export const introspection: Scenario = {
  name: 'introspection',
  title: 'Introspection',
  limit: { of: 'signatures', each: 1 },
  floor: { signatures: 0 },
  general: true,
  prepare: (workshop) => {
    const { client, endpoints } = workshop.target;
    const url = endpoints.introspection;
    if (!url) throw new Refusal('The server has no introspection endpoint.');
    return playOf(workshop, { status: 200, marker: '"active"%s*:%s*true' }, (token) => ({
      method: 'POST',
      url,
      ...authenticated(client, { token }),
    }));
  },
};

async function playOf(
  workshop: Workshop,
  expected: Expected,
  request: (accessToken: string) => Request,
): Promise<Play> {
  const tokens = await makeTokens(workshop, TOKENS);
  const requests = join(workshop.folder, 'access-token.requests');
  writeRequests(
    requests,
    tokens.map(({ access_token }) => request(access_token)),
  );
  return { requests, order: 'loop', expected };
}
