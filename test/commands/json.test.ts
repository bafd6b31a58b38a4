import { PassThrough } from 'node:stream';
import { digestSecret, verifyPassword } from '../../src/platform/secrets/digest.ts';
import { createSecretBox } from '../../src/platform/secrets/secret-box.ts';
import { runOn, TEST_SETTINGS } from '../support/registrations/command-line.ts';
import { openRegistration, type Registration } from '../support/registrations/registration.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const KID = expect.stringMatching(/^[A-Za-z0-9_-]{43}$/);

let registration: Registration;
beforeAll(async () => {
  registration = await openRegistration();
});
afterAll(() => registration.close());

/** Runs a command with `--json` and returns what it printed. */
async function json(words: readonly string[], input = '') {
  const { code, out, err } = await runOn(registration.database, [...words, '--json'], {
    clock: { now: () => NOW },
    input: new PassThrough().end(input),
  });
  expect({ words, code, err }).toEqual({ words, code: 0, err: '' });
  return JSON.parse(out.join('\n'));
}

describe('--json', () => {
  it('prints a client secret, those that there are, and which one ended', async () => {
    const added = await json([
      'client',
      'secret',
      'add',
      'web',
      '--name',
      'spring',
      '--expires-in-days',
      '90',
    ]);
    expect(added).toEqual({
      client_id: 'web',
      name: 'spring',
      secret: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      expires_at: '2027-02-19T12:00:00.000Z',
    });
    const listed = await json(['client', 'secret', 'list', 'web']);
    expect(listed.find(({ name }: { name: string }) => name === 'spring')).toEqual({
      name: 'spring',
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      expires_at: '2027-02-19T12:00:00.000Z',
      last_used_at: null,
      state: 'live',
    });
    expect(await json(['client', 'secret', 'revoke', 'web', 'spring'])).toEqual({
      did: 'revoked',
      client_id: 'web',
      name: 'spring',
      live_secrets: 1,
    });
  });

  it('prints a made secret with its digest, a hash, and what is sealed', async () => {
    const { secret, digest } = await json(['client', 'secret']);
    expect(digest).toBe(digestSecret(secret));
    const { hash } = await json(['password', 'hash'], 'correct otter\n');
    expect(await verifyPassword('correct otter', hash)).toBe(true);
    const { sealed } = await json(['seal', 'upstream:globex'], 'from the provider\n');
    expect(createSecretBox(TEST_SETTINGS.keyEncryptionKeys).open(sealed, 'upstream:globex')).toBe(
      'from the provider',
    );
  });

  it('prints keys and what became of them, and no private key', async () => {
    expect(await json(['keys', 'rotate', 'oidc'])).toEqual([
      { action: 'create', state: 'current', alg: 'RS256', kid: KID },
    ]);
    const [key] = await json(['keys', 'list', 'oidc']);
    expect(key).toEqual({ state: 'current', alg: 'RS256', kid: KID });
    expect(await json(['keys', 'reseal'])).toEqual({ sealed: 0 });
    expect(await json(['keys', 'drop', 'oidc', key.kid])).toEqual([
      { action: 'drop', kid: key.kid },
      { action: 'create', state: 'current', alg: 'RS256', kid: KID },
    ]);
  });

  it('prints migrations, the events of the trail, and a delivery that goes out again', async () => {
    expect(await json(['migrate'])).toEqual({ migrated: [] });
    expect(await json(['audit', 'events'])).toContainEqual({
      event: 'sign_in.succeeded',
      meaning: expect.stringMatching(/^[A-Z]/),
    });
    const [{ id }] = await registration.database
      .knex('deliveries')
      .insert({ kind: 'logout', payload: '{}', expires_at: new Date(NOW.getTime() + 86_400_000) })
      .returning('id');
    expect(await json(['deliveries', 'retry', String(id)])).toEqual({ did: 'queued', id: String(id) });
  });
});
