import type { RegistrationsStore } from './registrations-store.ts';
import { type ExportedRow, statementOf, statementOfMany, type TableShape } from './seed-text.ts';

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
  const notes = [...PROMISE, DIGESTS];
  for (const { table, column } of [
    { table: 'instances', column: 'id' },
    { table: 'upstream_providers', column: 'instance_id' },
  ]) {
    const shape = await store.shapeOf(table);
    for (const row of await store.rows(shape, column, [id])) {
      add(opening, [statementOf(shape, row)], { [table]: 1 });
      if (typeof row.client_secret_sealed === 'string') notes.push(SEALED);
    }
  }
  const clients = oneByOne(store, CLIENTS, { column: 'instance_id', value: id });
  yield* numbered(`instance-${id}`, [`${HEADING} the instance ${id}.`, ...notes], clients, opening);
}

async function* listnrFiles(store: RegistrationsStore): AsyncGenerator<SeedFile> {
  const heading = [`${HEADING} the clients of LiSTNR.`, ...PROMISE, DIGESTS];
  yield* numbered('listnr', heading, oneByOne(store, LISTNR, undefined));
}

async function* peopleFiles(store: RegistrationsStore, id: string): AsyncGenerator<SeedFile> {
  const heading = [`${HEADING} the people of the instance ${id}.`, ...PROMISE, ...HASHES];
  yield* numbered(`people-${id}`, heading, manyAtOnce(store, PEOPLE, { column: 'instance_id', value: id }));
}

interface Section {
  statements: string[];
  rows: Record<string, number>;
}

function add(section: Section, statements: readonly string[], rows: Record<string, number>): void {
  section.statements.push(...statements);
  for (const [table, count] of Object.entries(rows)) section.rows[table] = (section.rows[table] ?? 0) + count;
}

/** A file for each section. The opening stands in the first one. */
async function* numbered(
  name: string,
  heading: readonly string[],
  sections: AsyncIterable<Section>,
  opening?: Section,
): AsyncGenerator<SeedFile> {
  let pending = opening;
  let n = 1;
  for await (const section of sections) {
    if (pending) add(pending, section.statements, section.rows);
    yield fileOf(name, n, heading, pending ?? section);
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

type Where = Parameters<RegistrationsStore['batches']>[1];

/** Each row with those that belong to it, as a person would write it. */
async function* oneByOne(store: RegistrationsStore, kind: Kind, where: Where): AsyncGenerator<Section> {
  for await (const { shape, owners, parts } of batches(store, kind, where)) {
    const section: Section = { statements: [], rows: {} };
    const byOwner = parts.map(({ column, ...part }) => ({
      ...part,
      of: Map.groupBy(part.rows, (row) => row[column]),
    }));
    for (const owner of owners) {
      add(section, [statementOf(shape, owner)], { [shape.table]: 1 });
      for (const part of byOwner) {
        const rows = part.of.get(owner.id ?? null) ?? [];
        add(
          section,
          rows.map((row) => statementOf(part.shape, row)),
          { [part.shape.table]: rows.length },
        );
      }
    }
    yield section;
  }
}

/** A statement for each table. */
async function* manyAtOnce(store: RegistrationsStore, kind: Kind, where: Where): AsyncGenerator<Section> {
  for await (const { shape, owners, parts } of batches(store, kind, where)) {
    const section: Section = { statements: [], rows: {} };
    for (const { shape: of, rows } of [{ shape, rows: owners }, ...parts])
      if (rows.length > 0) add(section, [statementOfMany(of, rows)], { [of.table]: rows.length });
    yield section;
  }
}

interface Batch {
  shape: TableShape;
  owners: ExportedRow[];
  parts: { shape: TableShape; column: string; rows: ExportedRow[] }[];
}

async function* batches(store: RegistrationsStore, kind: Kind, where: Where): AsyncGenerator<Batch> {
  const shape = await store.shapeOf(kind.table);
  const shapes = [];
  for (const { table, column } of kind.parts) shapes.push({ shape: await store.shapeOf(table), column });
  for await (const owners of store.batches(shape, where)) {
    const ids = owners.map(({ id }) => String(id));
    const parts = [];
    for (const part of shapes) parts.push({ ...part, rows: await store.rows(part.shape, part.column, ids) });
    yield { shape, owners, parts };
  }
}
