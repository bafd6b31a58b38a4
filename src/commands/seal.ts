import { OperatorError } from '../platform/errors.ts';
import { createSecretBox } from '../platform/secrets/secret-box.ts';
import type { Command } from './command.ts';
import { readSecret } from './read-secret.ts';
import { jsonOf } from './registered/written.ts';

export const seal: Command = {
  name: 'seal',
  operands: ['CONTEXT'],
  switches: ['json'],
  summary:
    "Read a secret from standard input and print it sealed, for upstream_providers.client_secret_sealed: that of a customer's own provider.",
  words: { CONTEXT: 'Says where the secret belongs: upstream:<instance id>. It opens nowhere else.' },
  examples: ['seal upstream:globex'],
  async run(context, [place = ''], { switches }) {
    // A sealed text opens only for its own context, and a wrong one would fail at the first sign-in.
    if (!/^upstream:[a-z0-9-]{1,40}$/.test(place))
      throw new OperatorError('CONTEXT says where the secret belongs: upstream:<instance id>.');
    const { keyEncryptionKeys, keyEncryptionKeyGiven } = context.keys();
    if (!keyEncryptionKeyGiven)
      throw new OperatorError(
        "KEY_ENCRYPTION_KEY is not set, so no server could open what is sealed. Give the server's key. A server in development keeps its own: KEY_ENCRYPTION_KEY_FILE=.data/development-secrets/KEY_ENCRYPTION_KEY",
      );
    const box = createSecretBox(keyEncryptionKeys);
    const sealed = box.seal(await readSecret(context, 'Secret'), place);
    context.print(switches.has('json') ? jsonOf({ sealed }) : sealed);
  },
};
