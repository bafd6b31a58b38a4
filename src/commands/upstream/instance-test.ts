import { createInstanceStore } from '../../instances/instance-store.ts';
import { OperatorError } from '../../platform/errors.ts';
import { createOutboundFetch } from '../../platform/network/outbound-fetch.ts';
import { createSecretBox } from '../../platform/secrets/secret-box.ts';
import type { Command } from '../command.ts';
import { membersOf, reportOf } from '../doctor/report.ts';
import { createRegisteredStore } from '../registered/registered-store.ts';
import { unknownId } from '../registered/unknown-id.ts';
import { jsonOf } from '../registered/written.ts';
import { outcomeOf } from './outcome.ts';

const FINDINGS = 2;

export const instanceTest: Command = {
  name: 'instance test',
  operands: ['ID'],
  switches: ['json'],
  summary:
    "Try an instance's own provider, as a sign-in would: its discovery document, its keys, and a token request with a code that nobody issued.",
  words: { ID: 'The id of the instance.' },
  help: `A provider that refuses the code has accepted the client id and secret. Only a person can try the
rest: npx listo instance refusals ID shows why a sign-in failed. It ends with 2 when something is
wrong.`,
  examples: ['instance test globex'],
  async run(context, [id = ''], { switches }) {
    const settings = context.server();
    const database = await context.openDatabase();
    try {
      const instances = createInstanceStore(database.knex, createSecretBox(settings.keys.keyEncryptionKeys));
      const instance = await instances.find(id);
      if (!instance)
        throw await unknownId(createRegisteredStore(database.knex), id, {
          sentence: 'There is no instance with this id.',
          tables: ['instances'],
          lists: 'npx listo instance list shows those there are.',
        });
      const provider = await instances.findUpstreamProvider(id);
      if (!provider)
        throw new OperatorError(
          'The people of this instance sign in here, and not at a provider of their own.',
        );
      // Most commands need nothing of it.
      const { tryProvider } = await import('../../authentication/upstream/try-provider.ts');
      const tried = await tryProvider(provider, {
        fetch: createOutboundFetch(settings.outbound),
        redirectUri: `${settings.issuer}/auth/upstream/callback/${id}`,
      });
      const outcomes = tried.map((one) => outcomeOf(one, id));
      context.print(switches.has('json') ? jsonOf(membersOf(outcomes)) : reportOf(outcomes));
      return outcomes.some(({ findings }) => findings.length > 0) ? FINDINGS : undefined;
    } finally {
      await database.close();
    }
  },
};
