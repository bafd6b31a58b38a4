import { hash } from 'node:crypto';
import type { Metrics } from '../platform/metrics.ts';
import type { OutboundFetch } from '../platform/network/outbound-fetch.ts';

/** Passwords that became public, for an attacker to try first. */
export interface LeakedPasswords {
  /** Whether a password is among them; undefined when nobody could be asked. */
  has(password: string): Promise<boolean | undefined>;
}

/** A person waits for the answer. */
const LIMIT_MS = 1500;
/** The digits of the password's SHA-1 that are sent. Among a billion leaked passwords, about a thousand begin alike. */
const SENT_DIGITS = 5;
const LINE = /^([0-9A-Fa-f]{35}):(\d+)$/;

/**
 * Asks a range API (that of Have I Been Pwned, or a mirror of it) with the first five hex digits of the password's
 * SHA-1, and compares the rest here (k-anonymity). The answer is padded, so that its length tells an observer nothing. A
 * password is never refused because the API does not answer.
 */
export function createLeakedPasswords({
  url,
  fetch,
  logger,
  metrics,
  limitMs = LIMIT_MS,
}: {
  url: string;
  fetch: OutboundFetch;
  logger: { warn(fields: { detail: string }, text: string): void };
  metrics: Pick<Metrics, 'countPasswordLookup'>;
  limitMs?: number;
}): LeakedPasswords {
  return {
    async has(password) {
      // This algorithm is the API's. It protects nothing here.
      const digits = hash('sha1', password.normalize('NFC'), 'hex').toUpperCase();
      const [sent, kept] = [digits.slice(0, SENT_DIGITS), digits.slice(SENT_DIGITS)];
      try {
        const answer = await fetch(`${url}/${sent}`, {
          headers: { 'add-padding': 'true', accept: 'text/plain', 'user-agent': 'listo-identity' },
          signal: AbortSignal.timeout(limitMs),
        });
        if (answer.status !== 200) throw new Error(`The answer has the status ${answer.status}.`);
        const leaked = hasDigits(await answer.text(), kept);
        metrics.countPasswordLookup(leaked ? 'leaked' : 'not_leaked');
        return leaked;
      } catch (error) {
        metrics.countPasswordLookup('failed');
        logger.warn(
          { detail: (error as Error).message },
          'leaked passwords were not looked up; the password was judged without them',
        );
        return undefined;
      }
    },
  };
}

/** Lines of padding have the count 0. @throws Error when the text is no answer of a range API. */
function hasDigits(text: string, wanted: string): boolean {
  const lines = text.split(/\r?\n/).filter(Boolean);
  const entries = lines.map((line) => LINE.exec(line));
  if (lines.length === 0 || entries.includes(null)) throw new Error('The answer is not that of a range API.');
  return entries.some((entry) => entry?.[1]?.toUpperCase() === wanted && Number(entry[2]) > 0);
}
