import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { openDatabase } from '../../src/platform/database.ts';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../../src/platform/embedded-database.ts';
import { type EmbeddedSession, startEmbeddedSocket } from '../../src/platform/embedded-socket.ts';

let database: EmbeddedDatabase;
const clients: pg.Client[] = [];

beforeAll(async () => {
  database = await openEmbeddedDatabase({});
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end()));
});
afterAll(() => database.close());

async function aConnection(host = database.socketDirectory): Promise<pg.Client> {
  const client = new pg.Client({ host, user: 'postgres', database: 'postgres' });
  // A connection that a test cuts reports it here.
  client.on('error', () => undefined);
  await client.connect();
  clients.push(client);
  return client;
}

/** What a client does that dies: no goodbye. */
async function cut(client: pg.Client): Promise<void> {
  clients.splice(clients.indexOf(client), 1);
  const { stream } = client as unknown as { connection: { stream: import('node:net').Socket } }['connection'] extends never
    ? never
    : { stream: import('node:net').Socket };
  stream.destroy();
}
