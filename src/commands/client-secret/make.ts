import { digestSecret, generateSecret } from '../../platform/secrets/digest.ts';
import type { Command } from '../command.ts';
import { jsonOf } from '../registered/written.ts';

export const clientSecret: Command = {
  name: 'client secret',
  operands: [],
  switches: ['json'],
  summary: 'Make a client secret and print it, this once, beside the digest to register.',
  help: `It changes nothing: the digest goes into the seed of the client. For a client that is registered
already, npx listo client secret add does both.`,
  examples: ['client secret'],
  async run({ print }, _operands, { switches }) {
    const secret = generateSecret();
    const digest = digestSecret(secret);
    if (switches.has('json')) return print(jsonOf({ secret, digest }));
    print(`Secret, shown only now and kept nowhere: ${secret}`);
    print(`Digest, for the registration:            ${digest}`);
    print('');
    print('-- In the seed of a client (of a LiSTNR client: listnr_client_secrets):');
    print('INSERT INTO client_secrets (client_id, name, digest)');
    print(`VALUES ('CLIENT_ID', 'default', '${digest}')`);
    print('ON CONFLICT (client_id, name) DO UPDATE SET digest = excluded.digest;');
  },
};
