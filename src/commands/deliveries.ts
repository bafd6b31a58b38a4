import {
  createDeliveryLogStore,
  DELIVERY_STATES,
  type DeliveryLogStore,
  type DeliveryState,
} from '../deliveries/delivery-log-store.ts';
import type { Queryable } from '../platform/database.ts';
import { OperatorError } from '../platform/errors.ts';
import type { Command, CommandContext } from './command.ts';
import { createRegisteredStore } from './registered/registered-store.ts';
import { unknownId } from './registered/unknown-id.ts';
import { jsonOf, linesOf, tableOf } from './registered/written.ts';

const MOST = 100;
const COLUMNS = ['id', 'kind', 'client_id', 'state', 'attempts', 'created_at', 'due_at', 'last_error'];
const LISTS = 'npx listo deliveries list shows those there are.';

export const deliveriesList: Command = {
  name: 'deliveries list',
  operands: [],
  options: { state: 'STATE', kind: 'KIND', client: 'ID', after: 'NUMBER' },
  switches: ['json'],
  summary: `List what was sent to others or waits for it, the newest first, up to ${MOST}.`,
  words: {
    state: 'Only those in this state.',
    kind: 'Only those of this kind, as the list shows it: mail, or the logout of an application.',
    client: 'Only those to this client.',
    after: 'Go on behind this number, the last of the list before.',
  },
  choices: { state: DELIVERY_STATES },
  examples: ['deliveries list --state given_up'],
  run: (context, _operands, { options, switches }) =>
    withLog(context, async (log, db) => {
      const { kind, client: clientId } = options;
      const state = options.state === undefined ? undefined : stateOf(options.state);
      const after = options.after === undefined ? undefined : numberOf(options.after);
      const found = await log.list({ state, kind, clientId, after, limit: MOST + 1 });
      const rows = found.slice(0, MOST);
      if (rows.length === 0 && clientId !== undefined) await expectClient(db, clientId);
      if (switches.has('json')) context.print(jsonOf(rows));
      else if (rows.length === 0) context.print('None.');
      else for (const line of tableOf(rows, COLUMNS)) context.print(line);
      if (found.length > MOST) context.say(`There are more: --after ${rows.at(-1)?.id}\n`);
    }),
};

export const deliveriesShow: Command = {
  name: 'deliveries show',
  operands: ['NUMBER'],
  switches: ['json'],
  summary: 'Show one delivery: what it is about, what became of it, and why it failed last.',
  examples: ['deliveries show 7'],
  run: (context, [number = ''], { switches }) =>
    withLog(context, async (log) => {
      const row = await log.find(numberOf(number));
      if (!row) throw unknown();
      for (const line of switches.has('json') ? [jsonOf(row)] : linesOf(row)) context.print(line);
    }),
};

export const deliveriesRetry: Command = {
  name: 'deliveries retry',
  operands: ['NUMBER'],
  switches: ['json'],
  summary:
    'Send one delivery again now, also one that was given up or delivered; after a failure, for a day.',
  examples: ['deliveries retry 7'],
  run: (context, [number = ''], { switches }) =>
    withLog(context, async (log) => {
      if (!(await log.retry(numberOf(number)))) throw unknown();
      context.print(
        switches.has('json')
          ? jsonOf({ did: 'queued', id: number })
          : 'Queued. A running server sends it within a second or two.',
      );
    }),
};

async function withLog(
  { openDatabase }: CommandContext,
  work: (log: DeliveryLogStore, db: Queryable) => Promise<void>,
): Promise<void> {
  const database = await openDatabase();
  try {
    await work(createDeliveryLogStore(database.knex), database.knex);
  } finally {
    await database.close();
  }
}

function stateOf(word: string): DeliveryState {
  const state = DELIVERY_STATES.find((state) => state === word);
  if (!state) throw new OperatorError('STATE is queued, delivered or given_up.');
  return state;
}

/** No number is longer than Postgres's largest. */
function numberOf(word: string): string {
  if (!/^[1-9][0-9]{0,17}$/.test(word)) throw unknown();
  return word;
}

function unknown(): OperatorError {
  return new OperatorError(`There is no delivery with this number. ${LISTS}`);
}

/** An empty list says nothing about a client that was misspelt. */
async function expectClient(db: Queryable, id: string): Promise<void> {
  const store = createRegisteredStore(db);
  if (await store.find('clients', id)) return;
  throw await unknownId(store, id, {
    sentence: 'There is no client with this id.',
    tables: ['clients'],
    lists: 'npx listo client list shows those there are.',
  });
}
