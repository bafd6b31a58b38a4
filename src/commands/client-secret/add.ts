import type { ClientSecretStore, StoredSecret } from '../../clients/secrets/client-secret-store.ts';
import { OperatorError } from '../../platform/errors.ts';
import { digestSecret, generateSecret } from '../../platform/secrets/digest.ts';
import { explainRefusal, isRefusal, isStatementError } from '../../platform/seeds/errors/seed-error.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { Command } from '../command.ts';
import { jsonOf } from '../registered/written.ts';
import { KIND_CHOICES, KIND_OPTION, withSecretsOf } from './owner.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const LONGEST_DAYS = 3650;
const UNIQUE_VIOLATION = '23505';

export const clientSecretAdd: Command = {
  name: 'client secret add',
  operands: ['CLIENT_ID'],
  options: { name: 'NAME', 'expires-in-days': 'N', ...KIND_OPTION },
  switches: ['json'],
  summary: 'Give a client one more secret and print it, this once.',
  words: {
    name: 'The name of the secret, for the list; the day, unless you give one.',
    'expires-in-days': `When it ends, up to ${LONGEST_DAYS} days; never, unless you say when.`,
  },
  choices: KIND_CHOICES,
  help: `The secrets that a client has go on, so nothing fails meanwhile: add one, hand it over, wait until
the list says that the old one is not used any more, and revoke that.`,
  examples: ['client secret add acme-portal --expires-in-days 365'],
  async run(context, [clientId = ''], given) {
    const { name, 'expires-in-days': days } = given.options;
    // This comes before any statement, because a secret typed as the name would reach the database's own log.
    if (name !== undefined) requireName(name);
    const expiresAt = days === undefined ? null : expiryOf(days, context.clock);
    await withSecretsOf(context, clientId, given, async (secrets) => {
      const secret = generateSecret();
      const registered = {
        name: name ?? (await nameOfTheDay(secrets, clientId, context.clock)),
        digest: digestSecret(secret),
        expiresAt,
      };
      await add(secrets, clientId, registered);
      if (given.switches.has('json'))
        return context.print(
          jsonOf({ client_id: clientId, name: registered.name, secret, expires_at: expiresAt }),
        );
      context.print(`Secret, shown only now and kept nowhere: ${secret}`);
      context.print(`Name:    ${registered.name}`);
      context.print(`Expires: ${expiresAt?.toISOString() ?? 'never'}`);
    });
  },
};

function requireName(name: string): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/.test(name))
    throw new OperatorError(
      '--name takes letters, digits, dots, underscores and hyphens, up to 40, a letter or digit first. It is never the secret itself.',
    );
}

function expiryOf(days: string, clock: Clock): Date {
  if (!/^[1-9]\d{0,3}$/.test(days) || Number(days) > LONGEST_DAYS)
    throw new OperatorError(
      `--expires-in-days takes a whole number from 1 to ${LONGEST_DAYS}; leave it out for a secret that does not expire.`,
    );
  return new Date(clock.now().getTime() + Number(days) * DAY_MS);
}

/** 2026-11-21, or 2026-11-21-2 for the second secret of that day. */
async function nameOfTheDay(secrets: ClientSecretStore, clientId: string, clock: Clock): Promise<string> {
  const day = clock.now().toISOString().slice(0, 'yyyy-mm-dd'.length);
  const taken = new Set((await secrets.list(clientId)).map(({ name }) => name));
  for (let n = 2, name = day; ; n += 1) {
    if (!taken.has(name)) return name;
    name = `${day}-${n}`;
  }
}

async function add(
  secrets: ClientSecretStore,
  clientId: string,
  secret: Pick<StoredSecret, 'name' | 'digest' | 'expiresAt'>,
): Promise<void> {
  try {
    await secrets.add(clientId, secret);
  } catch (cause) {
    if (isRefusal(cause)) throw new OperatorError(explainRefusal(cause), { cause });
    if (isStatementError(cause) && cause.code === UNIQUE_VIOLATION)
      throw new OperatorError(
        'The client has a secret of this name already. Give the new one another, or revoke that one first.',
        { cause },
      );
    throw cause;
  }
}
