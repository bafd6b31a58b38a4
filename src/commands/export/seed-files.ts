import type { RegistrationsStore } from './registrations-store.ts';
import { type ExportedRow, statementsOf, type TableShape } from './seed-text.ts';

export interface SeedFile {
  name: string;
  text: string;
  /** How many rows it has of each table. */
  rows: Record<string, number>;
}

/** The first words of each file, by which an export knows its own files again. */
export const HEADING = '-- Written by npx listo export:';

const PROMISE = [
  '-- Applying it changes nothing where everything is as it was. A column that an INSERT does not name has its default.',
];
const DIGESTS = '-- A digest does not give its secret back.';
const SEALED =
  '-- A sealed secret opens only on a server with the same KEY_ENCRYPTION_KEY; make another for any other: npx listo seal';
const HASHES = [
  '-- The hashes of passwords are in it: keep this file as you keep a backup.',
  '-- Applying it to a person who is there already leaves their password alone.',
];

/** A table whose rows belong to one row of another. */
interface Part {
  table: string;
  column: string;
}

/** One kind of file: the rows of one table, and of those that belong to them. */
interface Kind {
  table: string;
  parts: readonly Part[];
}

const CLIENTS: Kind = { table: 'clients', parts: [{ table: 'client_secrets', column: 'client_id' }] };
const LISTNR: Kind = {
  table: 'listnr_clients',
  parts: [
    { table: 'listnr_accepted_issuers', column: 'client_id' },
    { table: 'listnr_client_secrets', column: 'client_id' },
  ],
};
const PEOPLE: Kind = {
  table: 'people',
  parts: [
    { table: 'upstream_identities', column: 'person_id' },
    { table: 'worker_ids', column: 'person_id' },
    { table: 'user_records', column: 'person_id' },
  ],
};

/** The tables of registrations that are not people's. A test compares them with the catalog. */
export const EXPORTED_TABLES: readonly string[] = [
  ...['instances', 'upstream_providers'],
  ...[CLIENTS, LISTNR, PEOPLE].flatMap(({ table, parts }) => [table, ...parts.map((part) => part.table)]),
];

/**
 * All registrations as files of SQL, in an order in which they can be applied by name: an instance comes before its
 * people, and the continuation of a file after it.
 */
export async function* seedFiles(
  store: RegistrationsStore,
  { people }: { people: boolean },
): AsyncGenerator<SeedFile> {
  const instances = await store.instances();
  for (const id of instances) yield* instanceFiles(store, id);
  yield* listnrFiles(store);
  if (people) for (const id of instances) yield* peopleFiles(store, id);
}

async function* instanceFiles(store: RegistrationsStore, id: string): AsyncGenerator<SeedFile> {
  const opening: Section = { statements: [], rows: {} };
  add(opening, await read(store, 'instances', 'id', [id]));
  const providers = await read(store, 'upstream_providers', 'instance_id', [id]);
  add(opening, providers);
  const isSealed = providers.rows.some((row) => typeof row.client_secret_sealed === 'string');
  const notes = [...PROMISE, DIGESTS, ...(isSealed ? [SEALED] : [])];
  const clients = sections(store, CLIENTS, { column: 'instance_id', value: id });
  yield* numbered(`instance-${id}`, [`${HEADING} the instance ${id}.`, ...notes], clients, opening);
}

async function* listnrFiles(store: RegistrationsStore): AsyncGenerator<SeedFile> {
  const heading = [`${HEADING} the clients of LiSTNR.`, ...PROMISE, DIGESTS];
  yield* numbered('listnr', heading, sections(store, LISTNR, undefined));
}

async function* peopleFiles(store: RegistrationsStore, id: string): AsyncGenerator<SeedFile> {
  const heading = [`${HEADING} the people of the instance ${id}.`, ...PROMISE, ...HASHES];
  yield* numbered(`people-${id}`, heading, sections(store, PEOPLE, { column: 'instance_id', value: id }));
}

interface Section {
  statements: string[];
  rows: Record<string, number>;
}

interface TableRows {
  shape: TableShape;
  rows: readonly ExportedRow[];
}

async function read(
  store: RegistrationsStore,
  table: string,
  column: string,
  values: readonly string[],
): Promise<TableRows> {
  const shape = await store.shapeOf(table);
  return { shape, rows: await store.rows(shape, column, values) };
}

function add(section: Section, { shape, rows }: TableRows): void {
  section.statements.push(...statementsOf(shape, rows));
  if (rows.length > 0) section.rows[shape.table] = rows.length;
}

/** A section for each thousand or two rows of a kind, with what belongs to them. */
async function* sections(
  store: RegistrationsStore,
  { table, parts }: Kind,
  where: Parameters<RegistrationsStore['batches']>[1],
): AsyncGenerator<Section> {
  const shape = await store.shapeOf(table);
  for await (const owners of store.batches(shape, where)) {
    const section: Section = { statements: [], rows: {} };
    add(section, { shape, rows: owners });
    const ids = owners.map(({ id }) => String(id));
    for (const part of parts) add(section, await read(store, part.table, part.column, ids));
    yield section;
  }
}

/** A file for each section. The opening stands in the first one. */
async function* numbered(
  name: string,
  heading: readonly string[],
  all: AsyncIterable<Section>,
  opening?: Section,
): AsyncGenerator<SeedFile> {
  let pending = opening;
  let n = 1;
  for await (const { statements, rows } of all) {
    const section = {
      statements: [...(pending?.statements ?? []), ...statements],
      rows: { ...pending?.rows, ...rows },
    };
    yield fileOf(name, n, heading, section);
    pending = undefined;
    n += 1;
  }
  if (pending) yield fileOf(name, n, heading, pending);
}

/** The letter behind the dot comes after that of `sql`, so the first file is applied first. */
function fileOf(
  name: string,
  n: number,
  heading: readonly string[],
  { statements, rows }: Section,
): SeedFile {
  return {
    name: n === 1 ? `${name}.sql` : `${name}.then-${String(n).padStart(4, '0')}.sql`,
    text: `${[heading.join('\n'), ...statements].join('\n\n')}\n`,
    rows,
  };
}
