import { ADA } from '../../support/clients/relying-party.ts';
import {
  basic,
  DEMO_APP,
  DEMO_BASIC,
  DEMO_SERVICE,
  ISSUE_TOKEN,
  JWKS,
} from '../../support/clients/token-provider.ts';
import { FORM, type Sent, TOKEN_REQUESTS, WEB_BASIC } from './odd-token-requests.ts';

/** The same at the other endpoints. `{access_token}` and `{id_token}` are those of a sign-in. */
const OTHER_REQUESTS: Readonly<Record<string, Sent>> = {
  userinfo: {
    method: 'GET',
    target: '/auth/userinfo',
    headers: [['Authorization', 'Bearer {access_token}']],
  },
  'userinfo in small letters': {
    method: 'GET',
    target: '/auth/userinfo',
    headers: [['authorization', 'bearer {access_token}']],
  },
  'userinfo with two spaces': {
    method: 'GET',
    target: '/auth/userinfo',
    headers: [['Authorization', 'Bearer  {access_token}']],
  },
  'userinfo with a body': {
    method: 'GET',
    target: '/auth/userinfo',
    headers: [['Authorization', 'Bearer {access_token}']],
    body: 'x',
  },
  'userinfo with an ID token': {
    method: 'GET',
    target: '/auth/userinfo',
    headers: [
      ['Authorization', 'Bearer {id_token}'],
      ['Origin', 'http://127.0.0.1:9999'],
    ],
  },
  'the head of userinfo': {
    method: 'HEAD',
    target: '/auth/userinfo',
    headers: [['Authorization', 'Bearer {access_token}']],
  },
  introspection: {
    target: '/auth/introspect',
    headers: [
      ['Content-Type', FORM],
      ['Authorization', WEB_BASIC],
    ],
    body: 'token={access_token}',
  },
  'introspection without credentials': { target: '/auth/introspect', body: 'token={access_token}' },
  'introspection in JSON': {
    target: '/auth/introspect',
    headers: [
      ['Content-Type', 'application/json'],
      ['Authorization', WEB_BASIC],
    ],
    body: '{"token":"x"}',
  },
  'a LiSTNR token for a backend': {
    target: ISSUE_TOKEN,
    headers: [
      ['Content-Type', 'application/json'],
      ['Authorization', DEMO_BASIC],
    ],
    body: JSON.stringify({ client_id: DEMO_SERVICE.id, subject: ADA.id }),
  },
  'a LiSTNR token for a person': {
    target: ISSUE_TOKEN,
    headers: [
      ['Content-Type', 'application/json; charset=utf-8'],
      ['Authorization', 'Bearer {id_token}'],
      ['Origin', 'http://127.0.0.1:9999'],
    ],
    body: JSON.stringify({ client_id: DEMO_APP, scope: 'read:profile' }),
  },
  'a LiSTNR request in a form': {
    target: ISSUE_TOKEN,
    headers: [
      ['Content-Type', FORM],
      ['Authorization', DEMO_BASIC],
      ['Origin', 'https://elsewhere.example'],
    ],
    body: `client_id=${DEMO_SERVICE.id}`,
  },
  'a LiSTNR request without a client': {
    target: ISSUE_TOKEN,
    headers: [
      ['Content-Type', 'application/json'],
      ['Authorization', DEMO_BASIC],
    ],
    body: '{}',
  },
  'a LiSTNR request that is no JSON': {
    target: ISSUE_TOKEN,
    headers: [['Content-Type', 'application/json']],
    body: '{',
  },
  'a LiSTNR request of a stranger': {
    target: ISSUE_TOKEN,
    headers: [
      ['Content-Type', 'application/json'],
      ['Origin', 'https://elsewhere.example'],
    ],
    body: '{"client_id":"nobody"}',
  },
  keys: { method: 'GET', target: '/auth/jwks', headers: [] },
  'keys of LiSTNR': { method: 'GET', target: JWKS, headers: [['If-None-Match', '"x"']] },
  'keys that the client has': { method: 'GET', target: JWKS, headers: [['If-None-Match', '*']] },
  discovery: {
    method: 'GET',
    target: '/.well-known/openid-configuration',
    headers: [['Accept', 'text/html']],
  },
  'userinfo with a query string': {
    method: 'GET',
    target: '/auth/userinfo?scope=openid',
    headers: [['Authorization', 'Bearer {access_token}']],
  },
  'userinfo with the token in the address': {
    method: 'GET',
    target: '/auth/userinfo?access_token={access_token}',
    headers: [],
  },
  'userinfo at an absolute target': {
    method: 'GET',
    target: 'http://elsewhere.example/auth/userinfo',
    headers: [['Authorization', 'Bearer {access_token}']],
  },
  'userinfo with two tokens': {
    method: 'GET',
    target: '/auth/userinfo',
    headers: [
      ['Authorization', 'Bearer {access_token}'],
      ['Authorization', 'Bearer x'],
    ],
  },
  'userinfo with a wrong token': {
    method: 'GET',
    target: '/auth/userinfo',
    headers: [['Authorization', 'Bearer {access_token}x']],
  },
  'userinfo for a browser': {
    method: 'GET',
    target: '/auth/userinfo',
    headers: [
      ['Authorization', 'Bearer x'],
      ['Accept', 'text/html'],
    ],
  },
  'userinfo with a proof': {
    method: 'GET',
    target: '/auth/userinfo',
    headers: [
      ['Authorization', 'DPoP {access_token}'],
      ['DPoP', 'x'],
    ],
  },
  'introspection with a query string': {
    target: '/auth/introspect?token=x',
    headers: [
      ['Content-Type', FORM],
      ['Authorization', WEB_BASIC],
    ],
    body: 'token={access_token}',
  },
  'introspection of a token twice, in another spelling': {
    target: '/auth/introspect',
    headers: [
      ['Content-Type', FORM],
      ['Authorization', WEB_BASIC],
    ],
    body: 'token={access_token}&t%6fken=x',
  },
  'introspection of a NUL': {
    target: '/auth/introspect',
    headers: [
      ['Content-Type', FORM],
      ['Authorization', WEB_BASIC],
    ],
    body: 'token=%00',
  },
  'introspection with two Authorization headers': {
    target: '/auth/introspect',
    headers: [
      ['Content-Type', FORM],
      ['Authorization', basic('x', 'y')],
      ['Authorization', WEB_BASIC],
    ],
    body: 'token={access_token}',
  },
  'introspection that wants a JWT': {
    target: '/auth/introspect',
    headers: [
      ['Content-Type', FORM],
      ['Authorization', WEB_BASIC],
      ['Accept', 'application/token-introspection+jwt'],
    ],
    body: 'token={access_token}',
  },
  'a LiSTNR request with a query string': {
    target: `${ISSUE_TOKEN}?client_id=x`,
    headers: [
      ['Content-Type', 'application/json'],
      ['Authorization', DEMO_BASIC],
    ],
    body: JSON.stringify({ client_id: DEMO_SERVICE.id, subject: ADA.id }),
  },
  'a LiSTNR request at an absolute target': {
    target: `http://elsewhere.example${ISSUE_TOKEN}`,
    headers: [
      ['Content-Type', 'application/json'],
      ['Authorization', DEMO_BASIC],
    ],
    body: JSON.stringify({ client_id: DEMO_SERVICE.id, subject: ADA.id }),
  },
  'a LiSTNR request with escapes': {
    target: ISSUE_TOKEN,
    headers: [
      ['Content-Type', 'application/json'],
      ['Authorization', DEMO_BASIC],
    ],
    body: `{"client\\u005fid":"${DEMO_SERVICE.id}","subject":"\\u0061"}`,
  },
  'a LiSTNR request with a member twice, in another spelling': {
    target: ISSUE_TOKEN,
    headers: [
      ['Content-Type', 'application/json'],
      ['Authorization', DEMO_BASIC],
    ],
    body: `{"client_id":"x","client\\u005fid":"${DEMO_SERVICE.id}","subject":"a"}`,
  },
  'a LiSTNR request with a NUL': {
    target: ISSUE_TOKEN,
    headers: [
      ['Content-Type', 'application/json'],
      ['Authorization', DEMO_BASIC],
    ],
    body: `{"client_id":"${DEMO_SERVICE.id}","subject":"\\u0000"}`,
  },
  'a LiSTNR request with bytes that are not UTF-8': {
    target: ISSUE_TOKEN,
    headers: [
      ['Content-Type', 'application/json'],
      ['Authorization', DEMO_BASIC],
    ],
    body: Buffer.from([0x7b, 0xff, 0x7d]),
  },
  'a LiSTNR request with another charset': {
    target: ISSUE_TOKEN,
    headers: [
      ['Content-Type', 'application/json; charset=utf-16'],
      ['Authorization', DEMO_BASIC],
    ],
    body: JSON.stringify({ client_id: DEMO_SERVICE.id, subject: ADA.id }),
  },
  'a LiSTNR request with two Authorization headers': {
    target: ISSUE_TOKEN,
    headers: [
      ['Content-Type', 'application/json'],
      ['Authorization', DEMO_BASIC],
      ['Authorization', 'Bearer {id_token}'],
    ],
    body: JSON.stringify({ client_id: DEMO_SERVICE.id, subject: ADA.id }),
  },
  'a LiSTNR request with a trailer': {
    target: ISSUE_TOKEN,
    headers: [
      ['Content-Type', 'application/json'],
      ['Authorization', DEMO_BASIC],
      ['Transfer-Encoding', 'chunked'],
    ],
    length: null,
    body: '2\r\n{}\r\n0\r\nX-A: 1\r\n\r\n',
  },
  'a LiSTNR request that is too large': {
    target: ISSUE_TOKEN,
    headers: [
      ['Content-Type', 'application/json'],
      ['Authorization', DEMO_BASIC],
    ],
    body: JSON.stringify({ client_id: DEMO_SERVICE.id, subject: 'x'.repeat(70_000) }),
  },
};

export const ODD_REQUESTS: Readonly<Record<string, Sent>> = { ...TOKEN_REQUESTS, ...OTHER_REQUESTS };
