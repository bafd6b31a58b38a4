import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { keepThoseOnPostgres } from './on-postgres.ts';

const TESTS = fileURLToPath(new URL('../..', import.meta.url));
const SELF = 'support/jest/on-postgres.test.ts';

describe('the suite on Postgres', () => {
  it('has every test that names a database or a server, and leaves out others', async () => {
    const names = globSync('**/*.test.ts', { cwd: TESTS }).filter((name) => name !== SELF);
    const { filtered } = await keepThoseOnPostgres(names.map((name) => TESTS + name));
    const leftOut = names.filter((name) => !filtered.includes(TESTS + name));
    const meets = /TEST_DATABASE_URL|TEST_DIRECT|openTestDatabase|startTestServer|startServerProcess\(/;
    expect(leftOut.filter((name) => meets.test(readFileSync(TESTS + name, 'utf8')))).toEqual([]);
    expect(leftOut).toContain('http/client-address.test.ts');
  });
});
