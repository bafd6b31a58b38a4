import { EXPIRING_TABLES, EXPIRY_COLUMNS } from '../housekeeping/expired-rows-store.ts';
import {
  type Count,
  createTableStatisticsStore,
  type RowStatistics,
  type TableStatistics,
} from '../housekeeping/table-statistics-store.ts';
import type { Command } from './command.ts';
import { formatTable } from './format-table.ts';

/** The tables whose rows expire come first: they grow when nobody deletes rows. */
const TABLES = [
  ...EXPIRING_TABLES,
  'audit_events',
  'consents',
  'people',
  'clients',
  'listnr_clients',
  'signing_keys',
];
const EXPIRY = new Map<string, string>(Object.entries(EXPIRY_COLUMNS));

const HEADINGS = ['table', 'rows', 'expired', 'lag (s)', 'size'];
const NUMBERS = [1, 2, 3, 4];

/** The mark before a count of each precision. */
const MARKS: Record<Count['precision'], string> = {
  exact: '',
  estimate: '~',
  'more than': '>',
  'at least': '>=',
};

export const databaseStats: Command = {
  name: 'database stats',
  operands: [],
  switches: ['json'],
  summary:
    'Say of each table how many rows it has, how many have expired, how long the oldest of those has waited, and its size.',
  help: `~ stands before an estimate, and > where counting stopped. A running server deletes expired rows
every minute, so a lag of more than some minutes says that none does.`,
  examples: ['database stats'],
  async run({ openDatabase, print }, _operands, { switches }) {
    const database = await openDatabase();
    try {
      const store = createTableStatisticsStore(database.knex);
      const all: Record<string, TableStatistics> = {};
      for (const table of TABLES) {
        const expiry = EXPIRY.get(table);
        all[table] = await store.of(table, {
          ...(expiry ? { expiry } : {}),
          ...(table === 'artifacts' ? { groupBy: 'model' } : {}),
        });
      }
      const lines = switches.has('json')
        ? [JSON.stringify(all, null, 2)]
        : formatTable([HEADINGS, ...Object.entries(all).flatMap(rowsOf)], { right: NUMBERS });
      for (const line of lines) print(line);
    } finally {
      await database.close();
    }
  },
};

/** A row for the table, and one for each of its groups. */
function rowsOf([table, statistics]: [string, TableStatistics]): string[][] {
  return [
    [table, ...cellsOf(statistics), readable(statistics.bytes)],
    ...Object.entries(statistics.groups).map(([name, group]) => [`  ${name}`, ...cellsOf(group), '']),
  ];
}

function cellsOf({ rows, expired, lagSeconds }: RowStatistics): string[] {
  return [written(rows), expired ? written(expired) : '-', lagSeconds?.toFixed(0) ?? '-'];
}

function written({ value, precision }: Count): string {
  return `${MARKS[precision]}${value}`;
}

function readable(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10));
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
