import { PassThrough } from 'node:stream';
import { runCommand } from '../../src/commands/run-command.ts';
import { createSecretBox } from '../../src/platform/secret-box.ts';
import { openTestDatabase, type TestDatabase } from '../support/test-database.ts';

const OLD = Buffer.alloc(32, 1);
const NEW = Buffer.alloc(32, 2);

describe('the keys commands', () => {
  let database: TestDatabase;
  let keyEncryptionKeys = [OLD];
  beforeAll(async () => {
    database = await openTestDatabase();
  });
  afterAll(() => database.close());

  async function run(...words: string[]): Promise<{ code: number; out: string[]; err: string }> {
    const out: string[] = [];
    let err = '';
    const code = await runCommand(words, {
      input: new PassThrough().end(),
      print: (line) => out.push(line),
      say: (text) => {
        err += text;
      },
      settings: () => ({
        issuer: 'https://login.example',
        keyEncryptionKeys,
        keyRotation: { periodSeconds: 1000, publicationSeconds: 100, retirementSeconds: 500 },
        rsaBits: 2048,
      }),
      openDatabase: async () => ({ ...database, close: async () => undefined }),
    });
    return { code, out, err };
  }
  const states = async () => (await run('keys', 'list', 'oidc')).out.map((line) => line.split(' ')[0]);

  it('rotate publishes the next key, once, and says from when it signs', async () => {
    await run('keys', 'drop', 'oidc');
    expect(await states()).toEqual(['current']);
    expect((await run('keys', 'rotate', 'oidc')).out).toEqual([
      expect.stringMatching(/^Published the next key; it signs from \d{4}-.*Z\.$/),
    ]);
    expect(await states()).toEqual(['current', 'next']);
    expect((await run('keys', 'rotate', 'oidc')).out).toEqual([
      'The next key is published already; npm run cli -- keys list says from when it signs.',
    ]);
    expect(await states()).toEqual(['current', 'next']);
  });

  it('drop lets the next key sign in place of the one that is gone', async () => {
    const kid = async () => (await run('keys', 'list', 'oidc')).out.map((line) => line.split(' ')[2]);
    const [, next] = await kid();
    expect(await run('keys', 'drop', 'oidc')).toMatchObject({ code: 0, err: '' });
    expect(await kid()).toEqual([next]);
    expect(await states()).toEqual(['current']);
  });

  it('reseal seals with the first key what another had sealed', async () => {
    keyEncryptionKeys = [NEW, OLD];
    expect((await run('keys', 'reseal')).out).toEqual(['Sealed anew: 1.']);
    expect((await run('keys', 'reseal')).out).toEqual(['Sealed anew: 0.']);
    const [row] = await database.knex('signing_keys');
    expect(createSecretBox([NEW]).isCurrent(row.private_jwk_sealed)).toBe(true);
  });

  it('say which key they lack', async () => {
    keyEncryptionKeys = [OLD];
    const { code, err } = await run('keys', 'list', 'oidc');
    expect([code, err]).toEqual([1, expect.stringMatching(/^KEY_ENCRYPTION_KEY cannot open signing key /)]);
  });

  it('know two sets', async () => {
    expect(await run('keys', 'list', 'rsa')).toEqual({ code: 1, out: [], err: 'SET is oidc or listnr.\n' });
  });
});
