import { spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SCRIPT = new URL('../../scripts/install.mjs', import.meta.url).pathname;
const LOCK = {
  packages: {
    '': { version: '0.1.0' },
    'node_modules/koa': { version: '3.3.0', integrity: 'sha512-koa' },
    'node_modules/jest': { version: '30.5.2', integrity: 'sha512-jest', dev: true },
    'node_modules/of-another-platform': { version: '1.0.0', integrity: 'sha512-x', optional: true },
  },
};
/** The files that npm leaves behind when all went well. */
const { 'node_modules/of-another-platform': _absent, ...INSTALLED } = LOCK.packages;

describe('the install script', () => {
  let checkout: string;
  beforeEach(() => {
    checkout = mkdtempSync(join(tmpdir(), 'listo-install-'));
    mkdirSync(join(checkout, 'scripts'));
    copyFileSync(SCRIPT, join(checkout, 'scripts/install.mjs'));
    writeFileSync(join(checkout, 'package-lock.json'), JSON.stringify(LOCK));
  });
  afterEach(() => rmSync(checkout, { recursive: true }));

  const writeInstalled = (packages: object) => {
    mkdirSync(join(checkout, 'node_modules'), { recursive: true });
    writeFileSync(join(checkout, 'node_modules/.package-lock.json'), JSON.stringify({ packages }));
  };

  /** Runs the script with a stand-in for npm, which notes the call and does what `npm` says. */
  const install = (npm: string, event = 'pretest') => {
    const stub = join(checkout, 'npm.mjs');
    writeFileSync(
      stub,
      `import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
       appendFileSync('calls', process.argv.slice(2).join(' ') + '\\n');
       ${npm}`,
    );
    const child = spawn(process.execPath, [join(checkout, 'scripts/install.mjs')], {
      env: { npm_execpath: stub, npm_lifecycle_event: event },
    });
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    return new Promise<{ status: number | null; said: string }>((done) =>
      child.once('close', (status) => done({ status, said })),
    );
  };
  const calls = () =>
    existsSync(join(checkout, 'calls'))
      ? readFileSync(join(checkout, 'calls'), 'utf8').trim().split('\n')
      : [];

  const SUCCEED = `mkdirSync('node_modules', { recursive: true });
    writeFileSync('node_modules/.package-lock.json', '${JSON.stringify({ packages: INSTALLED })}');`;
  const fail = (line: string) =>
    `process.stderr.write(${JSON.stringify(`${line}\n`)}); process.exitCode = 1;`;

  it('says and does nothing when all is there', async () => {
    writeInstalled(INSTALLED);
    expect(await install(SUCCEED)).toEqual({ status: 0, said: '' });
    expect(calls()).toEqual([]);
  });

  it('installs what the lock file says when nothing is there, and again when it says something else', async () => {
    const said = 'Installing the dependencies, once; this takes about a minute ...\n';
    expect(await install(SUCCEED)).toEqual({ status: 0, said });
    expect(calls()).toEqual(['ci --include=dev --prefer-offline --loglevel=http']);
    writeInstalled({ ...INSTALLED, 'node_modules/koa': { version: '3.2.0', integrity: 'sha512-old' } });
    expect(await install(SUCCEED)).toEqual({ status: 0, said });
  });

  it('takes production dependencies for enough to start, and to nothing else', async () => {
    const { 'node_modules/jest': _jest, ...production } = INSTALLED;
    writeInstalled(production);
    expect((await install(SUCCEED, 'prestart')).said).toBe('');
    expect((await install(SUCCEED, 'pretest')).said).not.toBe('');
  });

  it('installs once when two start at the same time', async () => {
    const slowly = `await new Promise((done) => setTimeout(done, 800)); ${SUCCEED}`;
    const both = await Promise.all([install(slowly), install(slowly)]);
    expect(both.map(({ status }) => status)).toEqual([0, 0]);
    expect(calls().length).toBe(1);
    expect(both.map(({ said }) => said).toSorted()).toEqual([
      'Another process is installing the dependencies here; waiting for it ...\n',
      'Installing the dependencies, once; this takes about a minute ...\n',
    ]);
  });

  it('takes over from an install that was killed', async () => {
    writeFileSync(join(checkout, '.installing'), '4194305');
    expect((await install(SUCCEED)).status).toBe(0);
    expect(calls().length).toBe(1);
    expect(existsSync(join(checkout, '.installing'))).toBe(false);
  });

  it.each([
    ['npm error code EAI_AGAIN', /^The npm registry cannot be reached \(EAI_AGAIN\), .* run this again\.$/],
    ['npm error code ENOSPC', /^There is no space left for the dependencies \(500 MB\)\.$/],
    ['npm error code EUSAGE', /^npm could not install the dependencies:$/],
  ])('says in a sentence why it cannot, and fails: %s', async (line, sentence) => {
    const { status, said } = await install(fail(line));
    expect(status).toBe(1);
    expect(said.split('\n')[1]).toMatch(sentence);
    expect(said).not.toContain('    at ');
  });

  it('does not wait for npm to give up on a network that is not there', async () => {
    const { status, said } = await install(
      `for (let n = 0; n < 40; n += 1) process.stderr.write('npm http fetch GET x attempt 1 failed with ENOTFOUND\\n');
       setInterval(() => {}, 1000);`,
    );
    expect(status).toBe(1);
    expect(said).toContain('The npm registry cannot be reached (ENOTFOUND)');
  });
});
