import { OperatorError } from '../../platform/errors.ts';
import { createRefusalStore } from '../../refusals/explain/refusal-store.ts';
import type { Command } from '../command.ts';
import { jsonOf, linesOf } from '../registered/written.ts';
import { explained, inLines } from './explained.ts';

/** Senders may choose the id of a request, and so give the same to many. */
const MOST_SHOWN = 5;
const NONE =
  'No refusal is recorded under this request id. A refusal is recorded within a second, and kept for a week; a request that succeeded has none. Where there was no room, it was counted in listo_refusals_dropped_total. The log has a line for each request.';

export const explainCommand: Command = {
  name: 'explain',
  operands: ['REQUEST_ID'],
  switches: ['json'],
  summary: 'Say why a request was refused, what came and what was expected, and what mends it.',
  words: {
    REQUEST_ID: 'The id on the page of the error, in the header X-Request-Id of the answer, or in the log.',
  },
  help: `The developer of a confidential client can ask the server the same, at POST /auth/explain.
--json prints a list: senders may choose the id, and so give one to several requests.`,
  examples: ['explain 0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d'],
  async run({ openDatabase, print, say }, [id = ''], { switches }) {
    const database = await openDatabase();
    try {
      const rows = (await createRefusalStore(database.knex).find(id)).map(explained);
      if (rows.length === 0) throw new OperatorError(NONE);
      if (switches.has('json')) {
        print(jsonOf(rows));
        return;
      }
      for (const [n, row] of rows.slice(0, MOST_SHOWN).entries()) {
        if (n > 0) print('');
        for (const line of linesOf(inLines(row))) print(line);
      }
      if (rows.length > MOST_SHOWN)
        say(`Other requests had the same id: ${rows.length - MOST_SHOWN} more. --json shows them.\n`);
    } finally {
      await database.close();
    }
  },
};
