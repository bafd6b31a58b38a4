import { ADA } from '../../support/clients/relying-party.ts';
import { type Base, browsing, cookie, type Values } from './request-parts.ts';

type Requests = Readonly<Record<string, Readonly<Record<string, readonly Base[]>>>>;

const instance = 'demo';
const A_CODE = 'ABCD-EFGH';
const A_PASSWORD = 'harbour violet kettle 1842';

const looking = (of: string, path: Values = {}): Base[] => [
  { headers: { ...browsing, ...cookie(of) }, path: { instance, ...path } },
  { headers: browsing, path: { instance, ...path } },
];
const sending =
  (of: string) =>
  (form: Values = {}, path: Values = {}): Base[] => [
    {
      parameters: { csrf: { live: `${of}.csrf` }, ...form },
      headers: { ...browsing, ...cookie(of) },
      path: { instance, ...path },
    },
  ];
const inAccount = sending('account');
const inRecovery = sending('recovery');

/** A page of the account with its form. */
const form = (fields: Values = {}, path: Values = {}) => ({
  GET: looking('account', path),
  POST: inAccount(fields, path),
});
/** The link of a mail, which nobody got. */
const link = { link: 'a-link-that-no-mail-has' };
const linked = (fields: Values = {}) => ({
  GET: [{ parameters: link, headers: { ...browsing, ...cookie('recovery') }, path: { instance } }],
  POST: inRecovery({ ...link, ...fields }),
});

/** The pages of a person's account, and those that a mail leads to. */
export const OF_PEOPLE: Requests = {
  '/account': { GET: looking('account') },
  '/account/:instance': { GET: looking('account') },
  '/account/:instance/return': {
    GET: [{ parameters: { state: 's' }, headers: cookie('account'), path: { instance } }],
  },
  '/account/:instance/sessions/end': form({ session: 'nobodys-session' }),
  '/account/:instance/sessions/end-others': form(),
  '/account/:instance/applications/end': form({ application: 'client_demo_spa' }),
  '/account/:instance/password': form({ password: 'short', again: 'short' }),
  '/account/:instance/address': form({ email: 'ada@elsewhere.example' }),
  '/account/:instance/authenticator-app': form({ secret: 'sealed', code: '123456' }),
  '/account/:instance/authenticator-app/remove': form(),
  '/account/:instance/recovery-codes': form(),
  '/account/:instance/passkeys/add': form({ answer: '{}', name: 'Phone' }),
  '/account/:instance/passkeys/:passkey/rename': form({ name: 'Phone' }, { passkey: 'AAAA' }),
  '/account/:instance/passkeys/:passkey/remove': form({}, { passkey: 'AAAA' }),
  '/recovery/:instance': { GET: looking('recovery'), POST: inRecovery({ email: ADA.email }) },
  '/recovery/:instance/code': { GET: looking('recovery'), POST: inRecovery({ code: A_CODE }) },
  '/recovery/:instance/password': linked({ password: A_PASSWORD, again: A_PASSWORD }),
  '/recovery/:instance/invitation': linked({ password: A_PASSWORD, again: A_PASSWORD }),
  '/recovery/:instance/invitation/again': linked(),
  '/recovery/:instance/address': linked({ decision: 'confirm' }),
  '/recovery/:instance/done': { GET: looking('recovery') },
  '/demo/mail': { GET: looking('recovery') },
  '/demo/mail/:id': { GET: looking('recovery', { id: '1' }) },
  '/demo/mail/:id/html': { GET: looking('recovery', { id: '1' }) },
};
