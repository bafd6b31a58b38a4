import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { until } from '../../support/time/until.ts';

const source = (name: string) =>
  JSON.stringify(new URL(`../../../src/platform/log/${name}`, import.meta.url));
const LOGGER = `
  import { createLogger } from ${source('logger.ts')};
  import { logNotices } from ${source('notices.ts')};
  const logger = createLogger({ level: 'info' });
  logNotices(logger);
  const lines = (count) => { for (let n = 0; n < count; n += 1) logger.info({ n }, 'line'); };
`;
/** Less than a pipe holds, so that its reader may be slow. */
const FEW = 300;
/** Much more than a pipe holds, and less than may wait. */
const MANY = 20_000;

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A process with a log, which it writes into a pipe unless `stdout` says otherwise. */
function program(script: string, stdout: 'pipe' | number = 'pipe'): ChildProcess {
  const child = spawn(process.execPath, ['--input-type=module', '--no-warnings', '-e', LOGGER + script], {
    stdio: ['ignore', stdout, 'pipe', 'ipc'],
  });
  children.push(child);
  return child;
}

/** A pipe of the system, as a container has. The pipes of `spawn` are sockets, as systemd has. */
function aPipe(): { path: string; pipe: number } {
  const path = join(mkdtempSync(join(process.env.TEST_FOLDER ?? '', 'log-')), 'pipe');
  execFileSync('mkfifo', [path]);
  return { path, pipe: openSync(path, 'r+') };
}

/** Reads it from now on. */
function readerOf(path: string): Readable {
  const reader = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(reader);
  return reader.stdout;
}

/** Resolves with the lines, when there are so many. */
async function linesOf(stream: Readable | null, count: number): Promise<string> {
  let text = '';
  stream?.on('data', (chunk) => {
    text += chunk;
  });
  await until('all lines arrived', () => text.split('\n').length > count);
  return text;
}

const message = (child: ChildProcess) => new Promise((done) => child.once('message', done));
const exit = (child: ChildProcess) =>
  new Promise((done) => child.once('exit', (code, signal) => done(code ?? signal)));

async function allOf(stream: Readable | null): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream ?? []) chunks.push(chunk);
  return String(Buffer.concat(chunks));
}

const parsed = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
const numbersIn = (text: string) => parsed(text).map(({ n }) => n);
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('no line of the log is lost', () => {
  it.each([
    ['process.exit straight after it', `lines(${FEW}); process.exit(3);`, 3],
    ['the end of all work', `lines(${FEW}); process.exitCode = 4;`, 4],
    [
      'process.exit among work that goes on',
      `setInterval(() => {}, 1000); queueMicrotask(() => { lines(${FEW}); process.exit(5); });`,
      5,
    ],
  ])('at %s', async (_, script, code) => {
    const child = program(script);
    const [text, ended] = await Promise.all([allOf(child.stdout), exit(child)]);
    expect({ ended, numbers: numbersIn(text) }).toEqual({ ended: code, numbers: upTo(FEW) });
  });

  it.each([
    ['error', `lines(${FEW}); throw new Error('a fault');`],
    ['rejection', `lines(${FEW}); Promise.reject(new Error('a fault'));`],
  ])('at an uncaught %s, which is the last line', async (_, script) => {
    const child = program(script);
    const [text, ended] = await Promise.all([allOf(child.stdout), exit(child)]);
    const lines = parsed(text);
    expect(ended).toBe(1);
    expect(lines.slice(0, -1).map(({ n }) => n)).toEqual(upTo(FEW));
    expect(lines.at(-1)).toMatchObject({
      level: 'fatal',
      err: { message: 'a fault' },
      msg: 'uncaught error',
    });
  });

  it('at a SIGTERM that comes while lines are written', async () => {
    const child = program(`
      let n = 0;
      const write = () => { logger.info({ n }, 'line'); n += 1; if (n === 10) process.send('under way'); };
      const timer = setInterval(write, 1);
      process.once('SIGTERM', () => { clearInterval(timer); write(); process.send(n); process.exit(0); });
    `);
    const text = allOf(child.stdout);
    const ended = exit(child);
    await message(child);
    const written = message(child);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(numbersIn(await text)).toEqual(upTo(Number(await written)));
  });

  it('in a file, either', async () => {
    const path = join(mkdtempSync(join(process.env.TEST_FOLDER ?? '', 'log-')), 'log');
    const file = openSync(path, 'a');
    const child = program(`lines(${MANY}); process.exit(0);`, file);
    closeSync(file);
    await exit(child);
    expect(numbersIn(readFileSync(path, 'utf8'))).toEqual(upTo(MANY));
  });
});

describe('a reader of the log', () => {
  const waiting =
    "setImmediate(() => process.send('not stopped')); process.once('message', () => process.exit(0));";

  it('that reads nothing for a while stops nobody, and gets all lines in their order', async () => {
    const child = program(`lines(${MANY}); ${waiting}`);
    const ended = exit(child);
    // Nothing was read so far.
    expect(await message(child)).toBe('not stopped');
    const text = await linesOf(child.stdout, MANY);
    child.send('end');
    expect(await ended).toBe(0);
    expect(numbersIn(text)).toEqual(upTo(MANY));
  });

  it('of a pipe is waited for by no process, even after another one made the pipe block', async () => {
    const { path, pipe } = aPipe();
    // Node makes the standard output of a process that it starts block, and again when that process ends.
    const child = program(
      `import { spawnSync } from 'node:child_process';
      const start = () => spawnSync(process.execPath, ['-e', 'process.stdout'], { stdio: 'inherit' });
      start();
      lines(${MANY});
      setImmediate(() => {
        start();
        // The writer's next attempt is sooner.
        setTimeout(() => process.send('not stopped'), 50);
      });
      process.once('message', () => process.exit(0));`,
      pipe,
    );
    const ended = exit(child);
    expect(await message(child)).toBe('not stopped');
    const text = await linesOf(readerOf(path), MANY);
    child.send('end');
    expect(await ended).toBe(0);
    closeSync(pipe);
    expect(numbersIn(text)).toEqual(upTo(MANY));
  });

  it('gets whole lines of several processes that share a full pipe', async () => {
    const { path, pipe } = aPipe();
    const writers = [1, 2].map((writer) =>
      program(
        `for (let n = 0; n < 2000; n += 1) logger.info({ writer: ${writer}, n, fill: 'x'.repeat(n % 700) }, 'line');
        ${waiting}`,
        pipe,
      ),
    );
    await Promise.all(writers.map(message));
    const text = await linesOf(readerOf(path), 4000);
    const ended = Promise.all(writers.map(exit));
    for (const writer of writers) writer.send('end');
    await ended;
    closeSync(pipe);
    const lines = parsed(text);
    for (const writer of [1, 2])
      expect(lines.filter((line) => line.writer === writer).map(({ n }) => n)).toEqual(upTo(2000));
  });

  it('that is gone ends nobody', async () => {
    const child = program(`
      process.once('message', () => {
        lines(${MANY});
        setImmediate(() => { lines(1); setImmediate(() => { process.send('lives'); process.exit(0); }); });
      });
      process.send('ready');
    `);
    const [errors, ended] = [allOf(child.stderr), exit(child)];
    await message(child);
    await new Promise((closed) => child.stdout?.once('close', closed).destroy());
    child.send('go on');
    expect(await message(child)).toBe('lives');
    expect({ ended: await ended, errors: await errors }).toEqual({ ended: 0, errors: '' });
  });
});
