import type { Queryable } from '../../platform/database.ts';
import type { Command } from '../command.ts';
import { jsonOf, tableOf } from '../registered/written.ts';
import { openExportFolder } from './folder.ts';
import { createRegistrationsStore } from './registrations-store.ts';
import { seedFiles } from './seed-files.ts';

const HASHES =
  'These files hold the hashes of passwords: keep them as you keep a backup, and not under version control.\n';

export const exportRegistrations: Command = {
  name: 'export',
  operands: ['FOLDER'],
  switches: ['people', 'replace', 'json'],
  summary:
    'Write all registrations into a folder, as files of SQL that apply to nothing; one for each instance.',
  help: `The clients of LiSTNR are in listnr.sql. The files of an instance come before those of its
people, so SEEDS_DIR applies them in their order. Applied to an empty database, they make the same
rows; the times at which something was registered or changed are those of that database.

Digests of secrets are in the files as they are: they do not give a secret back. A sealed secret
of a customer's provider opens only on a server with the same KEY_ENCRYPTION_KEY.`,
  words: {
    FOLDER: 'A folder that is empty, or not there.',
    people: 'Also write the people, with the hashes of their passwords.',
    replace: 'The folder may hold an earlier export, which is replaced, and other files, which stay.',
  },
  examples: ['export registrations', 'export registrations --replace', 'export backup --people'],
  async run({ openDatabase, print, say }, [path = ''], { switches }) {
    const folder = openExportFolder(path, { replace: switches.has('replace') });
    const database = await openDatabase();
    const written: { file: string; rows: Record<string, number> }[] = [];
    try {
      // All files show one moment.
      await database.knex.transaction(
        async (trx: Queryable) => {
          await trx.raw("SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL timezone = 'UTC'");
          const store = createRegistrationsStore(trx);
          for await (const { name, text, rows } of seedFiles(store, { people: switches.has('people') })) {
            folder.write(name, text);
            written.push({ file: name, rows });
          }
        },
        { isolationLevel: 'repeatable read' },
      );
      const removed = folder.finish();
      if (switches.has('json')) print(jsonOf({ folder: path, written, removed }));
      else for (const line of linesOf(written, removed)) print(line);
    } catch (error) {
      folder.giveUp();
      throw error;
    } finally {
      await database.close();
    }
    if (switches.has('people')) say(HASHES);
  },
};

function linesOf(
  written: readonly { file: string; rows: Record<string, number> }[],
  removed: readonly string[],
): string[] {
  const rows = written.map(({ file, rows }) => ({
    file,
    holds: Object.entries(rows)
      .filter(([, count]) => count > 0)
      .map(([table, count]) => `${table} ${count}`)
      .join(', '),
  }));
  return [
    ...(rows.length === 0 ? ['Nothing is registered.'] : tableOf(rows, ['file', 'holds'])),
    ...removed.map((name) => `removed ${name}, which an earlier export wrote`),
  ];
}
