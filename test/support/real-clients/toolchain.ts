import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

interface Tool {
  /** A call that succeeds only where the tool is complete. */
  check: readonly [program: string, ...args: string[]];
  /** The package of Debian that has it. */
  package: string;
}

/** A Go that is too old cannot read its `go.mod`. */
const GO_MODULE = fileURLToPath(new URL('../../real-clients/go', import.meta.url));

/** Where Debian has it. The package brings Apache, without a service. */
const MOD_AUTH_OPENIDC = '/usr/lib/apache2/modules/mod_auth_openidc.so';

const TOOLS = {
  python: { check: ['python3', '-c', 'import ensurepip, venv'], package: 'python3-venv' },
  go: { check: ['sh', '-c', `cd '${GO_MODULE}' && go list -m`], package: 'golang-1.26-go' },
  java: { check: ['javac', '-version'], package: 'default-jdk-headless' },
  maven: { check: ['mvn', '--version'], package: 'maven' },
  apache: { check: ['test', '-e', MOD_AUTH_OPENIDC], package: 'libapache2-mod-auth-openidc' },
  chromium: { check: [process.env.CHROMIUM ?? 'chromium', '--version'], package: 'chromium' },
  curl: { check: ['curl', '--version'], package: 'curl' },
  haproxy: { check: ['haproxy', '-v'], package: 'haproxy' },
  openssl: { check: ['openssl', 'version'], package: 'openssl' },
} as const satisfies Record<string, Tool>;
export type ToolName = keyof typeof TOOLS;

/** Debian installs some programs where only root's PATH looks. */
export const TOOL_PATH = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`;

/**
 * `describe` where every tool is there. Elsewhere the block is skipped, and a line on standard error says what to
 * install. With `CI` set, a missing tool is an error.
 */
export function describeWith(...names: readonly ToolName[]): jest.Describe {
  const missing = names.filter((name) => !isThere(TOOLS[name]));
  if (missing.length === 0) return describe;
  const packages = missing.map((name) => TOOLS[name].package).join(' ');
  const sentence = `Not installed here: ${missing.join(', ')}. On Debian: apt-get install ${packages}`;
  if (process.env.CI) throw new Error(sentence);
  process.stderr.write(`${expect.getState().testPath}: skipped. ${sentence}\n`);
  return describe.skip;
}

function isThere({ check: [program, ...args] }: Tool): boolean {
  return spawnSync(program, args, { env: { ...process.env, PATH: TOOL_PATH } }).status === 0;
}
