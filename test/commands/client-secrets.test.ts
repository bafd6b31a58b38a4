import { verifySecret } from '../../src/platform/secrets/digest.ts';
import { runOn } from '../support/registrations/command-line.ts';
import {
  aClient,
  aListnrClient,
  aListnrSecret,
  aSecret,
  DIGEST,
  openRegistration,
  type Registration,
} from '../support/registrations/registration.ts';

const NOW = new Date('2026-11-21T12:00:00Z');

let registration: Registration;
/**
 * Adds to `web`, `service` and `app`: `spa`, which is public, `keyed`, which has keys, and `both`, the id of two
 * clients.
 */
beforeAll(async () => {
  registration = await openRegistration();
  await registration.apply(`
    ${aClient({ id: "'spa'", type: "'public'" })}
    ${aClient({ id: "'keyed'", jwks: `'{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "${'A'.repeat(43)}"}]}'` })}
    ${aClient({ id: "'both'" })} ${aSecret({ client_id: "'both'" })}
    ${aListnrClient({ id: "'both'", pattern: "'client_credentials'" })} ${aListnrSecret({ client_id: "'both'" })}`);
});
afterAll(() => registration.close());
afterEach(() =>
  registration.apply(
    "DELETE FROM client_secrets WHERE name <> 'default'; DELETE FROM listnr_client_secrets WHERE name <> 'default'",
  ),
);

const cli = (...words: string[]) =>
  runOn(registration.database, ['client', 'secret', ...words], { clock: { now: () => NOW } });

const names = (table: string, clientId: string) =>
  registration.database.knex(table).where({ client_id: clientId }).orderBy('name').pluck('name');

const refused = (sentence: string) => ({ code: 1, out: [], err: `${sentence}\n` });

describe('client secret add', () => {
  it('registers the digest of a new secret and prints the secret, its name and its expiry', async () => {
    const { code, out, err } = await cli('add', 'web', '--name', 'spring', '--expires-in-days', '90');
    const [, secret = ''] = /: ([A-Za-z0-9_-]{43})$/.exec(out[0] ?? '') ?? [];
    expect({ code, out, err }).toEqual({
      code: 0,
      out: [
        `Secret, shown only now and kept nowhere: ${secret}`,
        'Name:    spring',
        'Expires: 2027-02-19T12:00:00.000Z',
      ],
      err: '',
    });
    const row = await registration.database.knex('client_secrets').where({ name: 'spring' }).first();
    expect(await verifySecret(secret, row.digest)).toBe(true);
    expect(row).toMatchObject({ client_id: 'web', expires_at: new Date('2027-02-19T12:00:00Z') });
  });

  it('names a secret by the day, and numbers the next ones of that day', async () => {
    const added = [await cli('add', 'web'), await cli('add', 'web'), await cli('add', 'web')];
    expect(added.map(({ out }) => out.slice(1))).toEqual([
      ['Name:    2026-11-21', 'Expires: never'],
      ['Name:    2026-11-21-2', 'Expires: never'],
      ['Name:    2026-11-21-3', 'Expires: never'],
    ]);
  });

  it('serves a LiSTNR client, and asks which is meant when both services have the id', async () => {
    expect((await cli('add', 'service')).code).toBe(0);
    expect(await names('listnr_client_secrets', 'service')).toEqual(['2026-11-21', 'default']);

    const which =
      'Two clients have this id, one of Sign in with Listo and one of LiSTNR. Say which: --kind listo or --kind listnr.';
    for (const words of [
      ['add', 'both'],
      ['list', 'both'],
      ['revoke', 'both', 'default'],
    ])
      expect(await cli(...words)).toEqual(refused(which));
    await cli('add', 'both', '--kind', 'listnr', '--name', 'of-listnr');
    await cli('add', 'both', '--kind', 'listo', '--name', 'of-listo');
    expect(await names('listnr_client_secrets', 'both')).toEqual(['default', 'of-listnr']);
    expect(await names('client_secrets', 'both')).toEqual(['default', 'of-listo']);
  });

  it.each([
    [
      'an unknown client',
      ['hunter2'],
      'There is no client with this id. npx listo client list shows those there are, and npx listo listnr list those of LiSTNR.',
    ],
    [
      'a client of the other kind',
      ['service', '--kind', 'listo'],
      'Sign in with Listo has no client with this id. npx listo client list shows those there are.',
    ],
    [
      'one of the other kind again',
      ['web', '--kind', 'listnr'],
      'LiSTNR has no client with this id. npx listo listnr list shows those there are.',
    ],
    [
      'a misspelt client',
      ['wbe'],
      'There is no client with this id. Perhaps web is meant. npx listo client list shows those there are, and npx listo listnr list those of LiSTNR.',
    ],
    [
      'a misspelt client of LiSTNR',
      ['Service_', '--kind', 'listnr'],
      'LiSTNR has no client with this id. Perhaps service is meant. npx listo listnr list shows those there are.',
    ],
    ['a kind there is not', ['web', '--kind', 'toString'], '--kind is listo or listnr.'],
    [
      'a public client',
      ['spa'],
      'client "spa" is public and cannot have a secret\n  Leave the secret out, or make the client confidential.',
    ],
    [
      'a client that authenticates with keys',
      ['keyed'],
      'client "keyed" has keys and cannot have a secret\n  Set its jwks or jwks_uri to NULL in the same transaction, before: a client authenticates in one way.',
    ],
    [
      'a LiSTNR client without secrets',
      ['app'],
      'LiSTNR client "app" acts for signed-in users and cannot have a secret\n  Leave the secret out.',
    ],
    [
      'a name that is taken',
      ['web', '--name', 'default'],
      'The client has a secret of this name already. Give the new one another, or revoke that one first.',
    ],
  ])('refuses %s', async (_what, words, sentence) => {
    expect(await cli('add', ...words)).toEqual(refused(sentence));
    expect(await names('client_secrets', 'web')).toEqual(['default']);
  });

  it.each(['', '-', '.spring', 'two words', 'a'.repeat(41), 'printemps-é', 'x\n'])(
    'refuses the name %j, without repeating it',
    async (name) => {
      expect(await cli('add', 'web', `--name=${name}`)).toEqual(
        refused(
          '--name takes letters, digits, dots, underscores and hyphens, up to 40, a letter or digit first. It is never the secret itself.',
        ),
      );
    },
  );

  it.each(['0', '3651', '-1', '1.5', '1e2', '01', 'soon', ''])('refuses %j days', async (days) => {
    expect(await cli('add', 'web', `--expires-in-days=${days}`)).toEqual(
      refused(
        '--expires-in-days takes a whole number from 1 to 3650; leave it out for a secret that does not expire.',
      ),
    );
  });

  it('takes 1 day and 3650', async () => {
    expect((await cli('add', 'web', '--expires-in-days', '1')).out[2]).toBe(
      'Expires: 2026-11-22T12:00:00.000Z',
    );
    expect((await cli('add', 'web', '--expires-in-days', '3650')).out[2]).toBe(
      'Expires: 2036-11-18T12:00:00.000Z',
    );
  });
});

describe('client secret list', () => {
  it('says of each secret how old it is, when it ends and was used, and not its digest', async () => {
    await registration.apply(`
      INSERT INTO client_secrets (client_id, name, digest, created_at, expires_at, last_used_at) VALUES
        ('web', 'autumn', '${DIGEST}', '2026-09-01T08:30:59Z', '2026-11-21T12:00Z', '2026-11-21T11:59Z'),
        ('web', 'winter', '${DIGEST}', '2026-11-21T08:30Z', '2026-11-21T12:01Z', NULL);
      UPDATE client_secrets SET created_at = '2026-01-01T00:00Z' WHERE name = 'default'`);
    expect(await cli('list', 'web')).toEqual({
      code: 0,
      out: [
        'name     created            expires            last used          state',
        'autumn   2026-09-01T08:30Z  2026-11-21T12:00Z  2026-11-21T11:59Z  expired',
        'default  2026-01-01T00:00Z  never              never              live',
        'winter   2026-11-21T08:30Z  2026-11-21T12:01Z  never              live',
      ],
      err: '',
    });
  });

  it('says of a public client that it has none', async () => {
    expect(await cli('list', 'spa')).toEqual({ code: 0, out: ['It has no secret.'], err: '' });
  });

  it('refuses an unknown client', async () => {
    expect((await cli('list', 'hunter2')).err).toMatch(/^There is no client with this id\./);
  });
});

describe('client secret revoke', () => {
  it('removes a secret', async () => {
    await cli('add', 'web', '--name', 'spring');
    expect(await cli('revoke', 'web', 'spring')).toEqual({
      code: 0,
      out: ['Revoked. Every process refuses it within about a second.'],
      err: '',
    });
    expect(await names('client_secrets', 'web')).toEqual(['default']);
  });

  it('says when no live one is left', async () => {
    await registration.apply(`
      UPDATE client_secrets SET expires_at = '2026-11-21T12:00Z' WHERE client_id = 'web';
      INSERT INTO client_secrets (client_id, name, digest) VALUES ('web', 'spring', '${DIGEST}')`);
    expect((await cli('revoke', 'web', 'spring')).out).toEqual([
      'Revoked. Every process refuses it within about a second.',
      'Those left have all expired, so this client cannot authenticate until you add one.',
    ]);
  });

  it.each([
    ['web', 'client_secrets', 'client "web" is confidential and has no secret'],
    ['service', 'listnr_client_secrets', 'LiSTNR client "service" uses client credentials and has no secret'],
  ])('refuses to remove the last one of %s', async (clientId, table, sentence) => {
    expect(await cli('revoke', clientId, 'default')).toEqual(
      refused(
        `The last secret stays: ${sentence} without it.\n  Add the next one first: npx listo client secret add CLIENT_ID`,
      ),
    );
    expect(await names(table, clientId)).toEqual(['default']);
  });

  it('refuses a name that the client has not, and an unknown client', async () => {
    expect(await cli('revoke', 'web', 'hunter2')).toEqual(
      refused(
        'The client has no secret of this name. npx listo client secret list CLIENT_ID shows those it has.',
      ),
    );
    expect((await cli('revoke', 'nobody', 'default')).err).toMatch(/^There is no client with this id\./);
  });
});
