import { DEMO_SPA } from '../../support/clients/relying-party.ts';
import { DEMO_APP, DEMO_SERVICE } from '../../support/clients/token-provider.ts';
import { DEVICE_CLIENT, DEVICE_GRANT, DPOP_CLIENT, EXTERNAL_CLIENT } from '../world.ts';
import {
  assertion,
  type Base,
  basic,
  bearer,
  hint,
  proof,
  redirect_uri,
  secret,
  type Values,
  VERIFIER,
} from './request-parts.ts';

export const token: Base[] = [
  {
    parameters: { grant_type: 'authorization_code', code: { live: 'code' }, redirect_uri, ...secret },
    json: true,
  },
  {
    parameters: { grant_type: 'authorization_code', code: { live: 'code' }, redirect_uri },
    headers: { authorization: basic, ...proof },
  },
  {
    parameters: {
      grant_type: 'refresh_token',
      refresh_token: { live: 'refresh_token' },
      scope: 'openid',
      ...secret,
    },
    headers: proof,
  },
  { parameters: { grant_type: 'refresh_token', refresh_token: { live: 'refresh_token' }, ...assertion } },
  {
    parameters: { grant_type: 'authorization_code', code: { live: 'code.keys' }, redirect_uri, ...assertion },
    json: true,
  },
  {
    parameters: {
      grant_type: 'authorization_code',
      code: { live: 'code.spa' },
      code_verifier: VERIFIER,
      ...DEMO_SPA,
    },
  },
  {
    parameters: {
      grant_type: 'authorization_code',
      code: { live: 'code.dpop' },
      code_verifier: VERIFIER,
      client_id: DPOP_CLIENT,
      redirect_uri,
    },
    headers: proof,
  },
  {
    parameters: { grant_type: DEVICE_GRANT, client_id: DEVICE_CLIENT, device_code: { live: 'device_code' } },
    headers: proof,
  },
];

export const ofClient = (parameters: Values): Base[] => [
  { parameters: { ...parameters, ...secret } },
  { parameters, headers: { authorization: basic } },
  { parameters: { ...parameters, ...assertion } },
];

export const listnrBasic: Values = { authorization: { basic: [DEMO_SERVICE.id, DEMO_SERVICE.secret] } };

export const listnr: Base[] = [
  {
    json: true,
    parameters: { client_id: DEMO_APP, scope: 'read:profile' },
    headers: { ...bearer(hint), origin: 'http://127.0.0.1:9999' },
  },
  { json: true, parameters: { client_id: EXTERNAL_CLIENT }, headers: bearer({ jwt: 'external_id_token' }) },
  { json: true, parameters: { client_id: EXTERNAL_CLIENT }, headers: bearer(hint) },
  { json: true, parameters: { client_id: DEMO_APP }, headers: bearer({ jwt: 'access_token' }) },
  { json: true, parameters: { client_id: DEMO_SERVICE.id }, headers: bearer(hint) },
  {
    json: true,
    parameters: { client_id: DEMO_SERVICE.id, subject: 'somebody', scope: 'read:profile write:preferences' },
    headers: listnrBasic,
  },
];

export const userinfo: Base[] = [
  { headers: bearer({ jwt: 'access_token' }) },
  { headers: bearer({ live: 'access_token' }) },
  { headers: { authorization: { scheme: 'DPoP', value: { jwt: 'access_token' } }, ...proof } },
  { headers: { authorization: { scheme: 'DPoP', value: { live: 'access_token' } }, ...proof } },
];
