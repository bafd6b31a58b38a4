import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandConfig } from '../src/config/command-config.ts';
import { OperatorError } from '../src/platform/errors.ts';

const URL = 'postgres://listo@db.example/listo';
const wrong = (...sentences: string[]) =>
  new OperatorError(['The configuration is wrong:', ...sentences.map((text) => `  - ${text}`)].join('\n'));

describe('a command asks for what it uses:', () => {
  it('in production, registering takes the address of the database alone', () => {
    const { database, issuer, keys } = commandConfig({ NODE_ENV: 'production', DATABASE_URL: URL });
    expect(database()).toEqual({ kind: 'postgres', url: URL, poolSize: 10, poolMin: 2 });
    expect(issuer()).toBeUndefined();
    expect(keys).toThrow(
      wrong('KEY_ENCRYPTION_KEY is required in production; make one with: openssl rand -base64 32'),
    );
  });

  it('the database, which is not the embedded one in production', () => {
    const { database } = commandConfig({ NODE_ENV: 'production', DATABSE_URL: URL });
    expect(database).toThrow(
      wrong(
        'DATABASE_URL is required in production: the embedded database is for trying and developing.',
        'DATABSE_URL is not a variable of this server. Write DATABASE_URL, if that is meant; otherwise set DATABASE_URL as well.',
      ),
    );
  });

  it('nothing that is wrong elsewhere, and no secret is made for it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'listo-command-'));
    const dataDir = join(folder, 'data');
    const { database, issuer } = commandConfig({ DATA_DIR: dataDir, COOKIE_KEYS: 'short', WORKERS: 'many' });
    expect(database()).toEqual({ kind: 'embedded', dataDir });
    expect(issuer()).toBe('http://localhost:3000');
    expect(existsSync(dataDir)).toBe(false);
    rmSync(folder, { recursive: true });
  });

  it('what a hash costs, and whom to ask for leaked passwords, for a password', () => {
    const { passwords } = commandConfig({
      NODE_ENV: 'production',
      OUTBOUND_NETWORKS: '10.1.2.3',
      PASSWORD_HASH_MEMORY_KIB: '65536',
      PASSWORD_RANGE_URL: 'https://mirror.example/range',
    });
    expect(passwords()).toEqual({
      cost: { memoryKib: 65_536, iterations: 2, parallelism: 1 },
      rangeUrl: 'https://mirror.example/range',
      outbound: { networks: ['10.1.2.3'], loopback: false },
    });
    expect(commandConfig({}).passwords().outbound).toEqual({ networks: [], loopback: true });
  });

  it('the key and its schedule, for signing keys', () => {
    const KEY_ENCRYPTION_KEY = Buffer.alloc(32, 7).toString('base64');
    const { keys } = commandConfig({ NODE_ENV: 'production', KEY_ENCRYPTION_KEY });
    expect(keys()).toEqual({
      keyEncryptionKeys: [Buffer.alloc(32, 7)],
      keyEncryptionKeyGiven: true,
      keyRotation: expect.objectContaining({ periodSeconds: 90 * 24 * 60 * 60 }),
      rsaBits: 2048,
    });
  });
});
