/**
 * Does what the Dockerfile does, without a container engine: each COPY into a folder of its own, as .dockerignore
 * allows, each RUN there, then the CMD as an unprivileged user against the Postgres of TEST_DATABASE_URL, with what
 * docker-compose.yml sets, until the HEALTHCHECK says it is well, and the STOPSIGNAL. Node 24 is the one of this checkout.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const NODE = dirname(process.execPath);
const NOBODY = 65534;

const folder = mkdtempSync(join(tmpdir(), 'listo-image-'));
chmodSync(folder, 0o755);
try {
  await check(readInstructions(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function check(instructions) {
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
  await start(stages.at(-1), settings);
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

/** Paths at the image's root are those of the stage's folder; its user `node` is nobody here. */
function run(command, { root, directory }) {
  const here = command.replace(/ \/data$/, ` ${root}/data`).replaceAll('=node', `=${NOBODY}`);
  if (here !== command && process.getuid() !== 0) return mkdirSync(join(root, 'data'));
  process.stdout.write(`RUN ${command}\n`);
  execFileSync('/bin/sh', ['-c', here], {
    cwd: directory,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${NODE}:${process.env.PATH}` },
  });
}

async function start({ root, directory }, { CMD, ENV, HEALTHCHECK, STOPSIGNAL }) {
  const port = await freePort();
  const env = {
    PATH: `${NODE}:${process.env.PATH}`,
    ...Object.fromEntries(ENV.split(' ').map((pair) => pair.split('='))),
    PORT: String(port),
    DATABASE_URL: process.env.TEST_DATABASE_URL,
    DATA_DIR: join(root, 'data'),
    ISSUER: `http://localhost:${port}`,
    NODE_ENV: 'development',
  };
  const user = process.getuid() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  if (user.uid) chownSync(env.DATA_DIR, NOBODY, NOBODY);
  const [file, ...args] = JSON.parse(CMD);
  process.stdout.write(`CMD ${CMD}\n`);
  const server = spawn(file, args, { cwd: directory, env, stdio: ['ignore', 'ignore', 'inherit'], ...user });
  const ended = new Promise((done) => server.once('close', (code) => done(code)));

  const [healthFile, ...healthArgs] = JSON.parse(HEALTHCHECK.slice(HEALTHCHECK.indexOf('CMD') + 3));
  const isWell = () => spawnSync(healthFile, healthArgs, { cwd: directory, env, ...user }).status === 0;
  for (let tries = 0; !isWell(); tries += 1) {
    if (tries > 60 || server.exitCode !== null) throw new Error('The server did not become healthy.');
    await sleep(500);
  }
  server.kill(STOPSIGNAL);
  const code = await Promise.race([ended, sleep(10_000, 'still running')]);
  if (code !== 0) throw new Error(`After ${STOPSIGNAL}: ${code}.`);
  process.stdout.write(`Healthy, and ended by ${STOPSIGNAL} with status 0.\n`);
}

function freePort() {
  return new Promise((found) => {
    const probe = createServer().listen(0, () => {
      const { port } = probe.address();
      probe.close(() => found(port));
    });
  });
}
