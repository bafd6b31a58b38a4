import { detailOf, messageOf, type Page } from '../support/browsers/browser.ts';
import type { World } from './world.ts';

/** An answer to a client or a browser. */
export interface Got {
  /** The method and the route. */
  endpoint: string;
  status: number;
  headers: Headers;
  body: string;
}

/** A stack, or the name of an error of the language. */
export const STACK =
  /\n\s+at |\.(ts|js):\d+|node_modules|at async|\b(TypeError|RangeError|SyntaxError|ReferenceError)\b/;
/** Internals that no answer may show. */
const INTERNALS = new RegExp(`${STACK.source}|\\bknex\\b|\\bselect .* from\\b`, 'i');
/** RFC 6749 section 5.2: the characters of `error` and `error_description`. */
const OAUTH_TEXT = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/;
/** Where programs ask; sentences for people have typographic marks. */
const FOR_PROGRAMS = /\/(token|revoke|introspect|par|device_authorization|userinfo|issue-token)$/;
const SENTENCE = /^[^\p{Cc}]+$/u;
/** Challenges with quoted values (RFC 9110 section 11.6.1), whose characters are those of `OAUTH_TEXT`. */
const CHALLENGES = /^(((Basic|Bearer|DPoP) )?\w+="[\x20-\x21\x23-\x5b\x5d-\x7e]*"(, |$))*$/;
/** The processor time of this process for one request. Other processes of a busy machine do not count. */
const MOST_CPU_SECONDS = 5;
const DEADLINE_MS = 120_000;

export interface Watch {
  /** Runs what sends requests, and checks what they cost and what was logged meanwhile. */
  during(secrets: () => readonly string[], work: (signal: AbortSignal) => Promise<void>): Promise<void>;
  /** Checks an answer. `mayBeAway`: somebody else's failure may be the reason (503). */
  check(got: Got, options?: { mayBeAway?: boolean }): void;
  /** How often each endpoint answered with each status, and each command ended. */
  counts: Map<string, Map<number, number>>;
  count(what: string, status: number): void;
  mostCpuSeconds: number;
}

export function createWatch({ server, idp, lines, internalUrl }: World): Watch {
  const homes = [server.url, internalUrl, 'http://127.0.0.1:9999', idp.issuer, 'http://localhost:3000/demo'];
  const watch: Watch = {
    counts: new Map(),
    mostCpuSeconds: 0,

    async during(secrets, work) {
      const before = process.cpuUsage();
      await work(AbortSignal.timeout(DEADLINE_MS));
      const { user, system } = process.cpuUsage(before);
      const seconds = (user + system) / 1e6;
      watch.mostCpuSeconds = Math.max(watch.mostCpuSeconds, seconds);
      if (seconds > MOST_CPU_SECONDS) throw new Error(`It took ${seconds} s of the processor`);
      checkLines(lines.splice(0), secrets());
    },

    count(what, status) {
      const statuses = watch.counts.get(what) ?? new Map<number, number>();
      watch.counts.set(what, statuses.set(status, (statuses.get(status) ?? 0) + 1));
    },

    check(got, { mayBeAway = false } = {}) {
      watch.count(got.endpoint, got.status);
      const mistake = mistakeOf(got, homes, mayBeAway);
      if (mistake)
        throw new Error(`${got.endpoint} answered ${got.status}: ${mistake}\n${got.body.slice(0, 1500)}`);
    },
  };
  return watch;
}

/** The mistake in an answer, if there is one. */
function mistakeOf(
  { endpoint, status, headers, body }: Got,
  homes: readonly string[],
  mayBeAway: boolean,
): string | undefined {
  if (status === 503 && !mayBeAway) return 'nothing is away';
  if (status === 429 && !headers.has('retry-after')) return 'it does not say when to come again';
  if (status >= 500 && status !== 503) return 'it is a fault of ours';
  // A page and a header may repeat what was sent, but nothing that was sent looks like this.
  if (INTERNALS.test(body)) return 'it shows internals';
  if (!CHALLENGES.test(headers.get('www-authenticate') ?? '')) return 'its challenge cannot be read';
  const location = headers.get('location');
  if (status >= 300 && status < 400 && status !== 304) return checkLocation(location, homes);
  if (status < 400 || endpoint.startsWith('HEAD ')) return undefined;
  return isExplained(endpoint, body, headers) ? undefined : 'it says nothing of what is wrong';
}

function checkLocation(location: string | null, homes: readonly string[]): string | undefined {
  if (location === null) return 'it leads nowhere';
  const parsed = URL.parse(location, homes[0]);
  const description = parsed?.searchParams.get('error_description') ?? 'none';
  if (!OAUTH_TEXT.test(description)) return `it describes the error as ${description}`;
  const target = parsed?.href;
  return target &&
    homes.some((home) => target === home || target.startsWith(`${home}/`) || target.startsWith(`${home}?`))
    ? undefined
    : `it leads to ${location}`;
}

/** JSON has an OAuth error, a page a sentence, and an empty answer a challenge (RFC 6750 section 3). */
function isExplained(endpoint: string, body: string, headers: Headers): boolean {
  const type = headers.get('content-type') ?? '';
  if (type.startsWith('application/json')) {
    const { error, error_description: sentence } = JSON.parse(body) as Record<string, unknown>;
    const form = FOR_PROGRAMS.test(endpoint) ? OAUTH_TEXT : SENTENCE;
    return OAUTH_TEXT.test(String(error)) && form.test(String(sentence));
  }
  if (type.startsWith('text/html'))
    return (
      [messageOf, detailOf].some((read) => read({ html: body } as Page)) ||
      /class="alert|name="error"/.test(body)
    );
  return headers.has('www-authenticate') || body === 'Not Found' || body === 'Method Not Allowed';
}

/** Each line is JSON, tells of no fault of ours, and holds no secret. */
function checkLines(texts: readonly string[], secrets: readonly string[]): void {
  for (const line of texts.flatMap((text) => text.trim().split('\n'))) {
    const { level, msg } = JSON.parse(line) as { level: string; msg: string };
    if (level === 'error' || level === 'fatal')
      throw new Error(`The log has: ${msg}\n${line.slice(0, 3000)}`);
    const leaked = secrets.find((secret) => line.includes(secret));
    if (leaked) throw new Error(`The log holds ${leaked}: ${line}`);
  }
}
