import { decodeJwt, type JWTPayload } from 'jose';
import type { OutboundFetch } from '../../../src/platform/network/outbound-fetch.ts';

/** A token that an application got at its back-channel logout address. */
export interface Heard {
  url: string;
  method: string;
  type: string | null;
  token: string;
  claims: JWTPayload & { sid?: string };
}

/** Stands in for the network: takes every logout token, and answers with `status`. */
export interface LogoutListener {
  fetch: OutboundFetch;
  heard: Heard[];
  status: number;
}

export function listenForLogouts(): LogoutListener {
  const listener: LogoutListener = {
    heard: [],
    status: 200,
    async fetch(input, init) {
      const request = new Request(input, init);
      const { url, method, headers } = request;
      const token = new URLSearchParams(await request.text()).get('logout_token') ?? '';
      const claims = decodeJwt<{ sid?: string }>(token);
      listener.heard.push({ url, method, type: headers.get('content-type'), token, claims });
      return new Response(null, { status: listener.status });
    },
  };
  return listener;
}
