import { createHash } from 'node:crypto';
import { parseConfig } from '../../src/config.ts';
import { OperatorError } from '../../src/platform/errors.ts';
import { createLogger } from '../../src/platform/log/logger.ts';
import { createSecretBox } from '../../src/platform/secrets/secret-box.ts';
import { startServer } from '../../src/server.ts';
import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';
import { runOn, TEST_SETTINGS } from '../support/registrations/command-line.ts';
import { TEST_SECRETS } from '../support/servers/test-server.ts';

const OLD = Buffer.alloc(32, 1);
const NEW = Buffer.alloc(32, 2);

/** The name of a key-encryption key in messages: the start of its SHA-256. */
function idOf(key: Buffer): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 8);
}

describe('the keys commands', () => {
  let database: TestDatabase;
  let keyEncryptionKeys = [OLD];
  beforeAll(async () => {
    database = await openTestDatabase();
  });
  afterAll(() => database.close());

  const run = (...words: string[]) =>
    runOn(database, words, { keys: () => ({ ...TEST_SETTINGS, keyEncryptionKeys }) });
  const states = async () => (await run('keys', 'list', 'oidc')).out.map((line) => line.split(' ')[0]);

  const kids = async () => (await run('keys', 'list', 'oidc')).out.map((line) => line.split(' ')[2]);

  it('rotate publishes the next key, once, and says from when it signs', async () => {
    expect((await run('keys', 'rotate', 'oidc')).out).toEqual(['Made the first RS256 key; it signs now.']);
    expect(await states()).toEqual(['current']);
    expect((await run('keys', 'rotate', 'oidc')).out).toEqual([
      expect.stringMatching(/^Published the next RS256 key; it signs from \d{4}-.*Z\.$/),
    ]);
    expect(await states()).toEqual(['current', 'next']);
    expect((await run('keys', 'rotate', 'oidc')).out).toEqual([
      'The next key is published already; npx listo keys list says from when it signs.',
    ]);
    expect(await states()).toEqual(['current', 'next']);
  });

  it('rotate --compromised lets the next key sign in place of the one that is gone', async () => {
    const [, next] = await kids();
    expect(await run('keys', 'rotate', 'oidc', '--compromised')).toEqual({
      code: 0,
      out: [
        'Dropped. Another key signs; every process follows within seconds, verifiers when their cache ends.',
      ],
      err: '',
    });
    expect(await kids()).toEqual([next]);
    expect(await states()).toEqual(['current']);
  });

  it('reseal seals with the first key what another had sealed', async () => {
    keyEncryptionKeys = [NEW, OLD];
    expect((await run('keys', 'reseal')).out).toEqual(['Sealed anew: 1.']);
    expect((await run('keys', 'reseal')).out).toEqual(['Sealed anew: 0.']);
    const [row] = await database.knex('signing_keys');
    expect(createSecretBox([NEW]).isCurrent(row.private_jwk_sealed)).toBe(true);
  });

  it('stop, as a start does, at a key that no KEY_ENCRYPTION_KEY opens, and say which', async () => {
    const [kid] = await kids();
    const sentence = `KEY_ENCRYPTION_KEY cannot open signing key ${kid}: it was sealed with the key ${idOf(NEW)}, which is not among the configured ones (${idOf(OLD)}).`;
    keyEncryptionKeys = [OLD];
    for (const words of [['list'], ['rotate'], ['rotate', '--compromised']])
      expect(await run('keys', ...words, 'oidc')).toEqual({ code: 1, out: [], err: `${sentence}\n` });

    const config = parseConfig({
      ...TEST_SECRETS,
      KEY_ENCRYPTION_KEY: OLD.toString('base64'),
      ISSUER: 'https://login.example',
      PORT: '0',
    });
    const start = startServer(config, {
      logger: createLogger({ level: 'silent' }),
      database: { ...database, close: async () => undefined },
    });
    await expect(start).rejects.toThrow(new OperatorError(sentence));
  });

  it('know two sets', async () => {
    expect(await run('keys', 'list', 'rsa')).toEqual({ code: 1, out: [], err: 'SET is oidc or listnr.\n' });
  });
});
