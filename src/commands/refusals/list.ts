import type { Queryable } from '../../platform/database.ts';
import {
  createRefusalStore,
  MOST_READ,
  type RecordedRefusal,
  type RefusalStore,
} from '../../refusals/explain/refusal-store.ts';
import type { Command } from '../command.ts';
import { createRegisteredStore, type RegisteredTable } from '../registered/registered-store.ts';
import { unknownId } from '../registered/unknown-id.ts';
import { jsonOf, tableOf } from '../registered/written.ts';
import { explained } from './explained.ts';

interface Kind {
  word: 'client' | 'listnr' | 'instance';
  table: RegisteredTable;
  one: string;
  summary: string;
  find(store: RefusalStore, id: string): Promise<RecordedRefusal[]>;
}

const KINDS: readonly Kind[] = [
  {
    word: 'client',
    table: 'clients',
    one: 'client of Sign in with Listo',
    summary: 'List the requests of a client that were refused in the last week, the newest first.',
    find: (store, clientId) => store.ofClient({ service: 'listo', clientId }),
  },
  {
    word: 'listnr',
    table: 'listnr_clients',
    one: 'client of LiSTNR',
    summary: 'List the requests of a LiSTNR client that were refused in the last week, the newest first.',
    find: (store, clientId) => store.ofClient({ service: 'listnr', clientId }),
  },
  {
    word: 'instance',
    table: 'instances',
    one: 'instance',
    summary:
      "List what was refused in an instance in the last week, the newest first: its clients' requests, and sign-ins at its provider.",
    find: (store, id) => store.ofInstance(id),
  },
];

const COLUMNS = ['at', 'request_id', 'endpoint', 'status', 'error', 'reason', 'client_id', 'client_is'];
const HELP = `It shows up to ${MOST_READ} of them; npx listo explain REQUEST_ID says of one what mends it.
client_is says what the request proved: authenticated (the client sent it), registered (anybody may
have), or claimed (it only names the client, or its credentials were wrong). Not all are kept:
docs/operating.md has the bounds.`;

export const refusalLists: readonly Command[] = KINDS.map((kind) => ({
  name: `${kind.word} refusals`,
  operands: ['ID'],
  switches: ['json'],
  summary: kind.summary,
  help: HELP,
  examples: [`${kind.word} refusals ${kind.word === 'instance' ? 'acme' : 'acme-portal'}`],
  async run({ openDatabase, print }, [id = ''], { switches }) {
    const database = await openDatabase();
    try {
      const rows = (await kind.find(createRefusalStore(database.knex), id)).map(explained);
      if (rows.length === 0) await expectRegistered(database.knex, kind, id);
      if (switches.has('json')) print(jsonOf(rows));
      else if (rows.length === 0) print('None.');
      else
        for (const line of tableOf(
          rows.map((row) => ({ ...row })),
          COLUMNS,
        ))
          print(line);
    } finally {
      await database.close();
    }
  },
}));

/** Requests may name a client that is not registered. An empty list says nothing about an id that was misspelt. */
async function expectRegistered(db: Queryable, { word, table, one }: Kind, id: string): Promise<void> {
  const store = createRegisteredStore(db);
  if (await store.find(table, id)) return;
  throw await unknownId(store, id, {
    sentence: `There is no ${one} with this id.`,
    tables: [table],
    lists: `npx listo ${word} list shows those there are.`,
  });
}
