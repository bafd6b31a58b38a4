/**
 * Does what Dockerfile and docker-compose.yml do, without a container engine. It copies the files of each COPY that
 * .dockerignore allows to a folder, and runs each RUN there. Then it runs the CMD as an unprivileged user with an
 * otherwise empty environment, until the HEALTHCHECK succeeds, and sends the STOPSIGNAL. It starts the image without
 * configuration, as in docker-compose.yml (where it signs in and gets tokens of both services), and as in production,
 * with one process and with two workers. It needs a Postgres at TEST_DATABASE_URL and uses this checkout's Node 24.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { freePort } from './free-port.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const PATH = `${dirname(process.execPath)}:${process.env.PATH}`;
const NOBODY = 65534;
/** The image's user; without root, the current one. */
const USER = process.getuid() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
/** The server's exit code when it cannot start (src/serve.ts). */
const CANNOT_START = 78;
const READY_WITHIN_MS = 60_000;
const SECRETS = ['COOKIE_KEYS', 'KEY_ENCRYPTION_KEY', 'REFRESH_TOKEN_KEYS'];

const folder = mkdtempSync(join(tmpdir(), 'listo-image-'));
chmodSync(folder, 0o755);
try {
  const image = build(readInstructions(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')));
  await forgetful(image);
  await byCommands(image);
  await asCompose(image, readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'));
  await inProduction(image);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function build(instructions) {
  const stages = [];
  const settings = {};
  for (const { name, rest } of instructions) {
    const stage = stages.at(-1);
    if (name === 'FROM') {
      if (!rest.startsWith('node:24')) throw new Error(`The image is built on ${rest}, not on Node 24.`);
      stages.push({ name: /AS (\w+)/.exec(rest)?.[1], root: join(folder, String(stages.length)) });
    } else if (name === 'WORKDIR') {
      stage.directory = join(stage.root, rest);
      mkdirSync(stage.directory, { recursive: true });
    } else if (name === 'COPY') {
      copy(rest, stage, stages);
    } else if (name === 'RUN') {
      run(rest, stage);
    } else {
      settings[name] = rest;
    }
  }
  return { ...stages.at(-1), settings };
}

function readInstructions(text) {
  const lines = text.replaceAll('\\\n', ' ').split('\n');
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ name: line.split(' ')[0], rest: line.slice(line.indexOf(' ') + 1) }));
}

function copy(rest, stage, stages) {
  const words = rest.split(/\s+/);
  const from = words[0].startsWith('--from=') ? words.shift().slice('--from='.length) : undefined;
  const target = words.pop();
  const allowed = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
  for (const source of words) {
    const path = from ? join(stages.find(({ name }) => name === from).root, source) : join(ROOT, source);
    if (!from && !allowed.includes(`!${source}`))
      throw new Error(`.dockerignore leaves out ${source}, which is copied.`);
    if (!existsSync(path)) throw new Error(`COPY names ${source}, which does not exist.`);
    const into = target === './' ? join(stage.directory, source) : join(stage.directory, target);
    cpSync(path, into, { recursive: true, verbatimSymlinks: true });
  }
}

/** Paths at the image's root become paths in the stage's folder, and its user `node` becomes nobody. */
function run(command, { root, directory }) {
  const here = command.replace(/ \/data$/, ` ${root}/data`).replaceAll('=node', `=${NOBODY}`);
  if (here !== command && process.getuid() !== 0) return mkdirSync(join(root, 'data'));
  process.stdout.write(`RUN ${command}\n`);
  execFileSync('/bin/sh', ['-c', here], {
    cwd: directory,
    stdio: 'inherit',
    env: { ...process.env, PATH },
  });
}

/**
 * The image's environment is production, so a start without configuration is refused with a list of all that is
 * missing.
 */
async function forgetful(image) {
  const server = launch(image, {});
  const code = await server.ended;
  const missing = ['ISSUER', 'DATABASE_URL', ...SECRETS].filter(
    (name) => !server.output().includes(`- ${name} `),
  );
  if (code !== CANNOT_START || missing.length > 0)
    throw new Error(`Without configuration: ${code}, without a word on ${missing}:\n${server.output()}`);
  process.stdout.write('Without configuration: refused, with every mistake named.\n');
}

/** The command line is one word, and a command needs no more than it uses. */
async function byCommands(image) {
  const run = (words, environment = {}) => {
    const { status, stdout, stderr } = spawnSync('listo', words, {
      cwd: image.directory,
      env: { ...environmentOf(image), ...environment },
      encoding: 'utf8',
      ...USER,
    });
    if (status !== 0 || stderr !== '')
      throw new Error(`listo ${words.join(' ')}: ${status}\n${stdout}${stderr}`);
    return stdout;
  };
  run(['help']);
  const DATABASE_URL = await newDatabase('commands');
  const registered = run(['seed', 'config/seeds/demo.sql'], { DATABASE_URL });
  if (!registered.includes('inserted clients client_demo_web')) throw new Error(`listo seed: ${registered}`);
  run(['client', 'secret', 'add', 'client_demo_web', '--name', 'second'], { DATABASE_URL });
  process.stdout.write('listo: quiet, and registers with the database alone.\n');
}

async function asCompose(image, text) {
  const secrets = makeComposeSecrets(text);
  writeSecret(secrets, 'database-url', await newDatabase('compose'));
  const [, block = ''] = /^ {2}server:\n(?: {4}.*\n)*? {4}environment:\n((?: {6}.*\n)+)/m.exec(text) ?? [];
  const environment = Object.fromEntries(
    block
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/: (.*)/)),
  );
  const inside = (path) => path.replace(/^\/secrets/, secrets).replace(/^\/data/, join(image.root, 'data'));
  const port = await freePort();
  await serve(
    image,
    'As docker-compose.yml',
    {
      ...Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, inside(value)])),
      ISSUER: environment.ISSUER.replace(/\d+$/, port),
      PORT: String(port),
    },
    async (output) => {
      const issuer = `http://localhost:${port}`;
      const welcome = `ready at ${issuer}. See it work: ${issuer}/demo`;
      // A slow start is alive before it serves.
      for (let tries = 0; ; tries += 1) {
        const { status } = await fetch(`${issuer}/demo`);
        if (status === 200 && output().includes(welcome)) break;
        if (tries > 60)
          throw new Error(
            `As docker-compose.yml: /demo answers ${status}, and the welcome is in\n${output()}`,
          );
        await sleep(500);
      }
      execFileSync(process.execPath, [join(ROOT, 'test/smoke/contract.ts'), issuer], { stdio: 'inherit' });
    },
  );
}

/** Runs the script of the service `secrets` twice. The second run must change nothing. */
function makeComposeSecrets(text) {
  const [, block = ''] = /command:\n {6}- \|\n((?: {8}.*\n)+)/.exec(text) ?? [];
  const secrets = join(folder, 'secrets');
  mkdirSync(secrets);
  const script = block.replaceAll('$$', '$').replace('/secrets', secrets);
  const made = [1, 2].map(() => {
    execFileSync('/bin/sh', ['-ec', script]);
    return ['postgres-password', 'database-url'].map((name) => readFileSync(join(secrets, name), 'utf8'));
  });
  const [[password, url], again] = made;
  if (new URL(url).password !== password || password.length < 40 || again[1] !== url)
    throw new Error('The secrets that docker-compose.yml makes are not as they should be.');
  return secrets;
}

async function inProduction(image) {
  const secrets = join(folder, 'production');
  mkdirSync(secrets);
  for (const name of SECRETS) writeSecret(secrets, name, randomBytes(32).toString('base64'));
  writeSecret(secrets, 'DATABASE_URL', await newDatabase('production'));
  for (const WORKERS of ['1', '2']) {
    const environment = {
      ISSUER: 'https://login.example',
      PORT: String(await freePort()),
      WORKERS,
      ...Object.fromEntries(
        ['DATABASE_URL', ...SECRETS].map((name) => [`${name}_FILE`, join(secrets, name)]),
      ),
    };
    await serve(image, `In production, WORKERS=${WORKERS}`, environment);
  }
}

function writeSecret(directory, name, value) {
  const file = join(directory, name);
  rmSync(file, { force: true });
  writeFileSync(file, `${value}\n`, { mode: 0o400 });
  if (USER.uid) chownSync(file, USER.uid, USER.gid);
}

async function newDatabase(name) {
  const client = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL });
  await client.connect();
  await client.query(`DROP DATABASE IF EXISTS image_${name}`);
  await client.query(`CREATE DATABASE image_${name}`);
  await client.end();
  const url = new URL(process.env.TEST_DATABASE_URL);
  url.pathname = `/image_${name}`;
  return url.href;
}

async function serve(image, how, environment, check = async () => {}) {
  const { HEALTHCHECK, STOPSIGNAL } = image.settings;
  const started = performance.now();
  const server = launch(image, environment);
  const [file, ...args] = JSON.parse(HEALTHCHECK.slice(HEALTHCHECK.indexOf('CMD') + 3));
  const isWell = () =>
    spawnSync(file, args, { cwd: image.directory, env: server.environment, ...USER }).status === 0;
  for (let tries = 0; !isWell(); tries += 1) {
    if (tries > 60 || server.process.exitCode !== null)
      throw new Error(`${how}: the server did not become healthy.\n${server.output()}`);
    await sleep(500);
  }
  const ready = await readyAfter(server, started);
  await check(server.output);
  server.process.kill(STOPSIGNAL);
  const code = await Promise.race([server.ended, sleep(10_000, 'still running', { ref: false })]);
  if (code !== 0) throw new Error(`${how}: after ${STOPSIGNAL}, ${code}.`);
  process.stdout.write(
    `${how}: healthy, ready within ${ready} ms, and ended by ${STOPSIGNAL} with status 0.\n`,
  );
}

/** The milliseconds from `started` until /readyz answers 200. */
async function readyAfter({ process: child, environment: { PORT }, output }, started) {
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${PORT}/readyz`).catch(() => undefined);
    if (answer?.status === 200) return Math.round(performance.now() - started);
    if (child.exitCode !== null || performance.now() - started > READY_WITHIN_MS)
      throw new Error(`The server did not become ready.\n${output()}`);
    await sleep(10);
  }
}

function launch({ directory, settings }, environment) {
  const [file, ...args] = JSON.parse(settings.CMD);
  const env = { ...environmentOf({ directory, settings }), ...environment };
  const child = spawn(file, args, { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'], ...USER });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      text += chunk;
    });
  }
  const ended = new Promise((done) => child.once('close', done));
  return { process: child, environment: env, ended, output: () => text };
}

/** The image's own environment, with its paths in the stage's folder. */
function environmentOf({ directory, settings }) {
  const own = settings.ENV.split(' ').map((pair) => pair.split('='));
  const here = (value) => value.replace('/app/', `${directory}/`).replace('$PATH', PATH);
  return Object.fromEntries(own.map(([name, value]) => [name, here(value)]));
}
