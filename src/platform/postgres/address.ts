import { readTls, type Tls } from './tls.ts';

/** DATABASE_URL, in the parts that make a connection. */
export interface PostgresAddress {
  /** Tried in this order. */
  hosts: readonly PostgresHost[];
  user: string | undefined;
  password: string | undefined;
  database: string | undefined;
  /** False: no TLS. Undefined: PGSSLMODE decides. */
  tls: Tls | false | undefined;
  /** A server has to write. So it uses only a node that accepts writes, unless it is told to use any. */
  targetSessionAttrs: 'any' | 'read-write' | 'primary';
  /** Applies to each host. */
  connectTimeoutMs: number;
  /** Sent to Postgres at connecting. */
  parameters: { application_name: string; options?: string };
}

export interface PostgresHost {
  /** A name, an address, or the folder of a socket. */
  host: string;
  /** The address to connect to, if `host` is only for TLS. */
  hostaddr?: string;
  port: number;
}

/** A mistake in an address. The message does not repeat the address's values, because they hold a password. */
export class AddressMistake extends Error {}

const URI = /^postgres(?:ql)?:\/\/(?:([^@/?#]*)@)?([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/;
/** `name = value` or `name = 'value'`. A backslash makes the next character literal. */
const PAIR = /\s*([a-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?=\s|$)/gy;

const PARAMETERS = [
  'host',
  'hostaddr',
  'port',
  'dbname',
  'user',
  'password',
  'target_session_attrs',
  'connect_timeout',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'options',
  'application_name',
] as const;
type Given = Partial<Record<(typeof PARAMETERS)[number], string>>;

const DEFAULT_CONNECT_TIMEOUT_SECONDS = 3;

/**
 * Reads `postgres://user:password@host:5432,host:5432/database?parameter=value` or `host=… port=… dbname=…`, both as
 * libpq does (Postgres' manual, "Connection Strings"). It refuses every part that it does not understand.
 * @throws AddressMistake
 */
export function parsePostgresAddress(text: string): PostgresAddress {
  const parameters = /^postgres(ql)?:\/\//.test(text) ? ofUri(text) : ofPairs(text);
  const { user, password, dbname, application_name = 'listo', options } = parameters;
  return {
    hosts: hostsOf(parameters),
    user,
    password,
    database: dbname,
    tls: readTls(parameters, (sentence) => new AddressMistake(sentence)),
    targetSessionAttrs: sessionAttrsOf(parameters),
    connectTimeoutMs: connectTimeoutOf(parameters) * 1000,
    parameters: { application_name, ...(options === undefined ? {} : { options }) },
  };
}

/** The place of a database, for people, without secrets. */
export function describeAddress({ hosts, database }: Pick<PostgresAddress, 'hosts' | 'database'>): string {
  const places = hosts.map(({ host, hostaddr, port }) => `${host || hostaddr}:${port}`);
  return `Postgres at ${places.join(', ')}${database === undefined ? '' : `/${database}`}`;
}

function ofUri(text: string): Given {
  const parts = URI.exec(text);
  if (!parts) throw new AddressMistake('it is not an address');
  const [, userInfo, places = '', path = '', query = ''] = parts;
  // To libpq, the first @ ends the password, so that the rest of the password would be shown as a host.
  if (/@/.test(places + path))
    throw new AddressMistake(
      'it has an @ behind its user and password, in which @ is written %40 and / is written %2F',
    );
  const parameters: Given = {};
  if (userInfo) {
    const [user = '', ...password] = userInfo.split(':');
    if (user) parameters.user = decoded(user);
    if (password.length > 0) parameters.password = decoded(password.join(':'));
  }
  if (path) parameters.dbname = decoded(path);
  if (places) Object.assign(parameters, ofPlaces(places));
  const given = new Set<string>();
  for (const pair of query.split('&').filter(Boolean)) {
    const [name = '', ...value] = pair.split('=');
    add(parameters, decoded(name), decoded(value.join('=')), given);
  }
  return parameters;
}

/** Turns `host:5432,[::1]:5433` into the parameters `host` and `port`, each a list. */
function ofPlaces(text: string): Given {
  const places = text.split(',').map((place) => /^(\[[^\]]*\]|[^:[\]]*)(?::(\d*))?$/.exec(place));
  if (places.includes(null)) throw new AddressMistake('it is not an address');
  const hosts = places.map((place) => decoded(place?.[1] ?? '').replace(/^\[(.*)\]$/, '$1'));
  const ports = places.map((place) => place?.[2] ?? '');
  return {
    ...(hosts.some(Boolean) ? { host: hosts.join(',') } : {}),
    ...(ports.some(Boolean) ? { port: ports.join(',') } : {}),
  };
}

function ofPairs(text: string): Given {
  const parameters: Given = {};
  const given = new Set<string>();
  let end = 0;
  for (const [pair, name = '', quoted, plain = ''] of text.matchAll(PAIR)) {
    add(parameters, name, (quoted ?? plain).replaceAll(/\\(.)/g, '$1'), given);
    end += pair.length;
  }
  if (end === 0 || text.slice(end).trim() !== '') throw new AddressMistake('it is not an address');
  return parameters;
}

function add(parameters: Given, name: string, value: string, given: Set<string>): void {
  const known = PARAMETERS.find((parameter) => parameter === name);
  if (!known) {
    const shown = /^\w{1,40}$/.test(name) ? name : 'with an unusual name';
    throw new AddressMistake(`it has a parameter ${shown}; it takes ${PARAMETERS.join(', ')}`);
  }
  if (given.has(known)) throw new AddressMistake(`it has the parameter ${known} twice`);
  given.add(known);
  if (value !== '') parameters[known] = value;
}

function hostsOf({ host, hostaddr, port }: Given): PostgresHost[] {
  const hosts = host?.split(',') ?? [];
  const addresses = hostaddr?.split(',') ?? [];
  const ports = port?.split(',') ?? [];
  const count = Math.max(hosts.length, addresses.length, 1);
  if (hosts.length > 0 && addresses.length > 0 && hosts.length !== addresses.length)
    throw new AddressMistake('hostaddr names another number of hosts than host');
  if (ports.length > 1 && ports.length !== count)
    throw new AddressMistake('it has another number of ports than of hosts');
  return Array.from({ length: count }, (_, n) => {
    const address = addresses[n];
    return {
      host: hosts[n] || address || 'localhost',
      ...(address ? { hostaddr: address } : {}),
      port: portOf((ports.length === 1 ? ports[0] : ports[n]) || '5432'),
    };
  });
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new AddressMistake('a port of it is not a number from 1 to 65535');
  return port;
}

/** The other values of libpq look for a node that does not accept writes. */
function sessionAttrsOf({ target_session_attrs: wanted }: Given): PostgresAddress['targetSessionAttrs'] {
  if (wanted === undefined || wanted === 'read-write') return 'read-write';
  if (wanted === 'any' || wanted === 'primary') return wanted;
  throw new AddressMistake('target_session_attrs takes read-write, primary or any: this server has to write');
}

function connectTimeoutOf({ connect_timeout: seconds }: Given): number {
  if (seconds === undefined) return DEFAULT_CONNECT_TIMEOUT_SECONDS;
  if (/^\d{1,3}$/.test(seconds) && Number(seconds) > 0) return Number(seconds);
  throw new AddressMistake('connect_timeout takes seconds, from 1 to 999');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AddressMistake('its percent-encoding is broken');
  }
}
