import { AUDIT_EVENTS, type AuditEvent } from '../audit/events.ts';
import { createTrailStore } from '../audit/trail-store.ts';
import { OperatorError } from '../platform/errors.ts';
import { nearestName } from '../platform/nearest-name.ts';
import type { Command } from './command.ts';
import { jsonLineOf, jsonOf, tableOf } from './registered/written.ts';
import { timeOf } from './time-option.ts';

const USUAL_LIMIT = 100;
const LARGEST_LIMIT = 100_000;
const COLUMNS = [
  'at',
  'event',
  'person_id',
  'client_id',
  'instance_id',
  'way',
  'address',
  'request_id',
  'detail',
];
const NAMES = Object.keys(AUDIT_EVENTS) as AuditEvent[];
/** The words before the dot: `--event session` finds all events of sessions. */
const THINGS = [...new Set(NAMES.map((name) => name.replace(/\..*/, '')))];
const NO_ADDRESS =
  '--person takes an id, because the trail keeps no addresses. npx listo person list --email ADDRESS shows it.\n';
const LISTS = 'npx listo audit events explains all.';

export const audit: Command = {
  name: 'audit',
  operands: [],
  options: {
    ...{ person: 'ID', client: 'ID', instance: 'ID', event: 'EVENT', request: 'ID' },
    ...{ since: 'TIME', until: 'TIME', limit: 'N' },
  },
  switches: ['json'],
  summary: `Read the audit trail, the newest first, ${USUAL_LIMIT} events unless you say how many.`,
  words: {
    person: 'Only events of this person, by id: the trail keeps no addresses.',
    client: 'Only events of this client.',
    instance: 'Only events of this instance.',
    event: 'Only this event, by its name in npx listo audit events, or all events of a thing.',
    request: 'Only events of this request, by the id in its X-Request-Id and log line.',
    since:
      'Only events from this time on: 2026-11-27, 2026-11-27T14:00:00Z, or an age such as 30m, 12h or 7d.',
    until: 'Only events before this time, which is written like that of --since.',
    limit: `How many, up to ${LARGEST_LIMIT}.`,
    json: 'Print a line of JSON for each event, for programs.',
  },
  choices: { event: THINGS },
  examples: ['audit --client acme-portal --since 7d', 'audit --event sign_in.refused --since 1h --json'],
  async run({ openDatabase, print, say, clock }, _operands, { options, switches }) {
    const { person, client, instance, request, since, until } = options;
    const limit = options.limit === undefined ? USUAL_LIMIT : limitOf(options.limit);
    const filter = {
      ...{ personId: person, clientId: client, instanceId: instance, requestId: request },
      event: options.event === undefined ? undefined : eventOf(options.event),
      since: since === undefined ? undefined : timeOf('since', since, clock),
      until: until === undefined ? undefined : timeOf('until', until, clock),
    };
    const database = await openDatabase();
    try {
      const found = await createTrailStore(database.knex).list({ ...filter, limit: limit + 1 });
      const rows = found.slice(0, limit);
      if (switches.has('json')) for (const row of rows) print(jsonLineOf(row));
      else if (rows.length === 0) print('None.');
      else for (const line of tableOf(rows, COLUMNS)) print(line);
      // An id may have this sign, too.
      if (rows.length === 0 && person?.includes('@')) say(NO_ADDRESS);
      if (found.length > limit) say('There are more: say --limit, or --until the time of the last one.\n');
    } finally {
      await database.close();
    }
  },
};

export const auditEvents: Command = {
  name: 'audit events',
  operands: [],
  switches: ['json'],
  summary: 'Explain the events of the audit trail.',
  examples: ['audit events'],
  async run({ print }, _operands, { switches }) {
    const rows = NAMES.toSorted().map((event) => ({ event, meaning: AUDIT_EVENTS[event] }));
    for (const line of switches.has('json') ? [jsonOf(rows)] : tableOf(rows, ['event', 'meaning']))
      print(line);
  },
};

function limitOf(text: string): number {
  const value = /^[1-9]\d{0,5}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= LARGEST_LIMIT) return value;
  throw new OperatorError(`--limit takes a whole number from 1 to ${LARGEST_LIMIT}.`);
}

/** The name of an event, or the beginning of those of a thing. */
function eventOf(word: string): string {
  if (NAMES.some((name) => name === word)) return word;
  if (THINGS.includes(word)) return `${word}.`;
  const near = nearestName(word, [...NAMES, ...THINGS]);
  const hint = near === undefined ? LISTS : `Do you mean ${near}? ${LISTS}`;
  throw new OperatorError(`There is no such event. ${hint}`);
}
