import { createDoctorStore } from '../doctor-store.ts';
import type { Patient } from '../finding.ts';
import { type Check, type Finding, notChecked, type Seen, seen } from '../finding.ts';
import { type Answer, ask, codeOf, membersOf } from './ask.ts';

const DISCOVERY = '/.well-known/openid-configuration';
/** Paths that have to lead to the server, besides discovery, and the status of their answers. */
const PATHS: readonly { path: string; method: string; status: number }[] = [
  { path: '/.well-known/oauth-authorization-server', method: 'GET', status: 200 },
  { path: '/auth/token', method: 'POST', status: 400 },
  { path: '/auth/userinfo', method: 'GET', status: 401 },
  { path: '/v1/listnr-token-provider/jwks', method: 'GET', status: 200 },
];
const TOLERATED_SECONDS = 5;

export const issuerCheck: Check = {
  name: 'issuer',
  async run(patient) {
    const { issuer } = patient;
    if (issuer === undefined) return notChecked('the configuration is wrong');
    let answer: Answer;
    try {
      answer = await ask(`${issuer}${DISCOVERY}`);
    } catch (error) {
      return seen([unreachable(issuer, codeOf(error))]);
    }
    const document = membersOf(answer);
    if (answer.status !== 200 || typeof document?.issuer !== 'string')
      return seen([notServed(issuer, answer)]);
    return look(patient, issuer, answer, document);
  },
};

async function look(
  { database, settings, clock }: Patient,
  issuer: string,
  answer: Answer,
  document: Readonly<Record<string, unknown>>,
): Promise<Seen> {
  const expected = settings?.issuer ?? issuer;
  const kids = database && (await createDoctorStore(database.knex).publishedKids());
  return seen(
    [
      document.issuer === expected ? undefined : otherIssuer(String(document.issuer), expected),
      document.issuer === expected ? strayAddress(document, expected) : undefined,
      timeFinding(answer, clock.now()),
      ...(await pathFindings(issuer)),
      kids && document.issuer === expected ? await otherKeys(String(document.jwks_uri), kids) : undefined,
    ],
    [issuer],
  );
}

function unreachable(issuer: string, code: string): Finding {
  const { host, hostname } = new URL(issuer);
  const isUnknown = code === 'ENOTFOUND' || code === 'EAI_AGAIN';
  return {
    name: isUnknown ? 'issuer.unknown_host' : 'issuer.unreachable',
    sentence: isUnknown
      ? `The name ${hostname} is not known (${code}).`
      : `${host} cannot be reached from here (${code}).`,
    remedy: isUnknown
      ? `Add ${hostname} to the name server, or correct ISSUER.`
      : 'Start the proxy and the server, open the port in the firewall, or correct ISSUER. If only this machine cannot reach it, run this command elsewhere with --url.',
  };
}

function notServed(issuer: string, { status, headers }: Answer): Finding {
  const by = headers.server === undefined ? '' : `, by ${headers.server}`;
  return {
    name: 'issuer.not_served',
    sentence: `${issuer}${DISCOVERY} answers ${status}${by}, and not with the document of this server.`,
    remedy:
      'Let the proxy hand every path of this host to the server, unchanged. Nothing else may answer there.',
  };
}

function otherIssuer(found: string, expected: string): Finding {
  return {
    name: 'issuer.other',
    sentence: `The server at this address says that it is ${found}, and ISSUER is ${expected}. Clients refuse its tokens.`,
    remedy: `Set ISSUER=${expected} for every server behind that address and start them again, or correct ISSUER here.`,
  };
}

/** The addresses of the document are those of the issuer, except for clients with certificates. */
function strayAddress(document: Readonly<Record<string, unknown>>, issuer: string): Finding | undefined {
  const stray = Object.entries(document).find(
    ([name, value]) =>
      /(_endpoint|_uri)$/.test(name) && typeof value === 'string' && !value.startsWith(`${issuer}/`),
  );
  if (!stray) return undefined;
  return {
    name: 'issuer.stray_address',
    sentence: `Discovery has ${stray[0]} ${String(stray[1])}, which is not an address of ${issuer}.`,
    remedy:
      'Let the proxy hand the document on unchanged, and cache it for no longer than its Cache-Control says.',
  };
}

function timeFinding({ headers: { date, age } }: Answer, now: Date): Finding | undefined {
  const there = new Date(date ?? Number.NaN).getTime();
  const ahead = (now.getTime() - there) / 1000;
  // A cache may have kept the answer. The header has whole seconds.
  if (Number.isNaN(there) || age !== undefined || Math.abs(ahead) <= TOLERATED_SECONDS + 1) return undefined;
  return {
    name: 'issuer.clock',
    sentence: `The clock of the server at the issuer is ${Math.abs(ahead).toFixed(0)} seconds ${ahead < 0 ? 'ahead of' : 'behind'} that of this machine.`,
    remedy: 'Let both machines set their clocks by NTP (timedatectl set-ntp true, or chrony).',
  };
}

async function pathFindings(issuer: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { path, method, status } of PATHS) {
    const answer = await ask(issuer + path, { method }).catch(codeOf);
    if (typeof answer !== 'string' && answer.status === status) continue;
    const came = typeof answer === 'string' ? answer : String(answer.status);
    findings.push({
      name: 'issuer.path_not_served',
      sentence: `${method} ${path} answers ${came} at the issuer, and this server would answer ${status}.`,
      remedy: 'Let the proxy hand every path of this host to the server, with every method, unchanged.',
    });
  }
  return findings;
}

/** Another deployment would sign with keys that this database does not have. */
async function otherKeys(address: string, kids: readonly string[]): Promise<Finding | undefined> {
  const answer = await ask(address).catch(() => undefined);
  const keys = answer && membersOf(answer)?.keys;
  if (!Array.isArray(keys)) return undefined;
  const found = keys.map(({ kid }) => String(kid));
  if (kids.length === 0 || found.some((kid) => kids.includes(kid))) return undefined;
  return {
    name: 'issuer.other_keys',
    sentence: `The server at this address publishes keys (${found.join(', ')}) of which DATABASE_URL has none: it uses another database.`,
    remedy: 'Correct DATABASE_URL, here or there, or the address to which the name of the issuer leads.',
  };
}
