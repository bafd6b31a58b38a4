import {
  createRegistrationTrailStore,
  type RegistrationEvent,
  type RegistrationTrailStore,
} from '../../audit/registration-trail-store.ts';
import { escaped } from '../../platform/log/escaped.ts';
import type { Command } from '../command.ts';
import { timeOf } from '../time-option.ts';
import type { Kind } from './kinds.ts';
import { changeInWords, toRecordedChange } from './recorded-change.ts';
import { createRegisteredStore } from './registered-store.ts';
import { unknownId, whatLists } from './unknown-id.ts';
import { jsonOf } from './written.ts';

const MOST = 1000;

export function historyCommand(kind: Kind): Command {
  const { word, one } = kind;
  return {
    name: `${word} history`,
    operands: ['ID'],
    options: { since: 'TIME' },
    switches: ['json'],
    summary: `Tell who changed one ${one} when, and from what to what; the newest first.`,
    help: `Reads the audit trail, so it tells of as many months as AUDIT_KEEP_MONTHS says, and also of one
that was deleted. Who: seed FILE, command NAME, request (with its id and address), or role NAME for
SQL of a database role. Secrets, hashes and what people are called are named, and have no value.`,
    words: {
      since: 'Only changes from this time on: 2026-11-27, 2026-11-27T14:00:00Z, or an age such as 12h or 7d.',
    },
    examples: [`${word} history ${kind.example}`, `${word} history ${kind.example} --since 30d --json`],
    async run({ openDatabase, print, say, clock }, [id = ''], { options, switches }) {
      const since = options.since === undefined ? undefined : timeOf('since', options.since, clock);
      const database = await openDatabase();
      try {
        const trail = createRegistrationTrailStore(database.knex);
        const found = await eventsOf(trail, kind, id, since);
        const rows = createRegisteredStore(database.knex);
        if (found.length === 0 && !(await rows.find(kind.table, id)))
          throw await unknownId(rows, id, {
            sentence: `There is no ${one} with this id, and the audit trail tells of none.`,
            tables: [kind.table],
            lists: whatLists(kind, id),
          });
        const changes = found.slice(0, MOST).map(toRecordedChange);
        if (switches.has('json')) print(jsonOf(changes));
        else if (changes.length === 0) print('None.');
        else for (const change of changes) for (const line of changeInWords(change)) print(escaped(line));
        if (found.length > MOST) say('There are older ones: npx listo audit --until TIME\n');
        else if (!since && !found.some(isBeginning)) say(await beginsIn(trail));
      } finally {
        await database.close();
      }
    },
  };
}

/** With the deletion of its instance, by which it went without an event of its own. */
async function eventsOf(
  trail: RegistrationTrailStore,
  { events, owner }: Kind,
  id: string,
  since: Date | undefined,
): Promise<RegistrationEvent[]> {
  const own = await trail.of({ column: owner, id }, events, { since, limit: MOST + 1 });
  if (owner !== 'client_id') return own;
  const instances = [...new Set(own.flatMap(({ instance_id: instance }) => instance ?? []))];
  const deletions = await trail.deletionsOf(instances);
  // Whatever comes next was already about another client of the same id, or about none.
  const endings = deletions.filter((deletion) => {
    const before = own.find((event) => event.at <= deletion.at);
    const isAsked = since === undefined || deletion.at >= since;
    return isAsked && before !== undefined && before.event !== 'client.deleted';
  });
  return [...own, ...endings].toSorted((one, other) => other.at.getTime() - one.at.getTime());
}

function isBeginning({ event }: RegistrationEvent): boolean {
  return /^(client|instance|person|listnr_client)\.created$/.test(event);
}

async function beginsIn(trail: RegistrationTrailStore): Promise<string> {
  const begin = await trail.beginning();
  return begin === undefined
    ? 'The audit trail is empty.\n'
    : `It is older than the audit trail, which begins at ${begin.toISOString()}.\n`;
}
