import { digestSecret, generateSecret } from '../../platform/secrets/digest.ts';
import type { Command } from '../command.ts';

export const clientSecret: Command = {
  name: 'client secret',
  operands: [],
  summary: 'Make a client secret and print it, this once, beside the digest to register.',
  async run({ print }) {
    const secret = generateSecret();
    const digest = digestSecret(secret);
    print(`Secret, shown only now and kept nowhere: ${secret}`);
    print(`Digest, for the registration:            ${digest}`);
    print('');
    print('-- In the seed of a client (of a LiSTNR client: listnr_client_secrets):');
    print('INSERT INTO client_secrets (client_id, name, digest)');
    print(`VALUES ('CLIENT_ID', 'default', '${digest}')`);
    print('ON CONFLICT (client_id, name) DO UPDATE SET digest = excluded.digest;');
  },
};
