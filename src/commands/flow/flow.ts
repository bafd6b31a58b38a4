import { OperatorError } from '../../platform/errors.ts';
import type { Command, CommandContext, GivenOptions } from '../command.ts';
import type { FlowOptions } from './options.ts';

const FAILED = 1;
const USUAL_TIMEOUT = 300;
const LONGEST_TIMEOUT = 3600;

export const flowCommand: Command = {
  name: 'flow',
  operands: ['CLIENT'],
  options: {
    ...{ issuer: 'ADDRESS', kind: 'KIND', scope: 'WORDS', 'redirect-uri': 'ADDRESS', auth: 'METHOD' },
    ...{ 'secret-file': 'FILE', 'key-file': 'FILE', claims: 'JSON', prompt: 'WORD' },
    ...{ listnr: 'ID[,ID]', 'listnr-scope': 'WORDS', subject: 'TEXT', timeout: 'SECONDS' },
  },
  switches: ['device', 'par', 'dpop', 'keep', 'show', 'json'],
  choices: { kind: ['listo', 'listnr'], auth: ['basic', 'post', 'key', 'none'] },
  summary:
    "Play a client's flow against a running server: sign in, tokens, userinfo, introspection, refresh, LiSTNR, revocation. Each request is shown as curl, each token decoded, each refusal explained.",
  words: {
    CLIENT: 'The client, of Sign in with Listo or of LiSTNR.',
    issuer: 'The address of the server; without it, that of the configuration.',
    kind: 'Which service, where both have a client with this id, or where no database can be read here.',
    scope: 'The scopes to ask for, in quotation marks; without it, all that are registered.',
    'redirect-uri': 'The registered address for the answer; without it, one on loopback if there is one.',
    auth: 'How the client authenticates: basic, post, key (private_key_jwt) or none.',
    'secret-file': 'A file with the secret of the client; without it, it is read from standard input.',
    'key-file': 'A file with the private key of the client, as PEM or JWK.',
    claims: 'The parameter claims of the request.',
    prompt: 'The parameter prompt of the request, such as login.',
    listnr: 'The clients of LiSTNR to which the ID token goes.',
    'listnr-scope': 'The scopes that they ask for.',
    subject: 'The subject that a client of LiSTNR with a secret asks for.',
    timeout: `Wait so long for the person; ${USUAL_TIMEOUT} without it.`,
    device: 'Sign in as a device without a browser.',
    par: 'Push the authorization request first.',
    dpop: 'Prove a key with each request (DPoP).',
    keep: 'Do not revoke the tokens at the end.',
    show: 'Show codes and tokens whole. Whoever reads them can use them.',
  },
  help: `The registration is read from the database of the configuration; where that cannot be, the options say what
it would. A secret never stands on the command line, and no curl shows one: it has $SECRET in its place.
With a redirect URI on loopback, the command listens there. With another one, it asks for the address at
which the browser ended.`,
  examples: [
    'flow acme-portal --secret-file secret.txt',
    'flow acme-spa --issuer https://login.example --auth none --redirect-uri http://localhost:5173/callback',
    'flow acme-tv --device',
    'flow radio-service --secret-file secret.txt --subject ada',
  ],
  async run(context, [client = ''], given) {
    const options = optionsOf(client, given, context);
    // Most commands need none of this.
    const { play } = await import('./play.ts');
    return (await play(context, options)) ? undefined : FAILED;
  },
};

function optionsOf(
  client: string,
  { options, switches }: GivenOptions,
  context: CommandContext,
): FlowOptions {
  const { kind, auth, scope, claims, prompt, subject } = options;
  if (kind !== undefined && kind !== 'listo' && kind !== 'listnr')
    throw new OperatorError('--kind is listo or listnr.');
  if (auth !== undefined && auth !== 'basic' && auth !== 'post' && auth !== 'key' && auth !== 'none')
    throw new OperatorError('--auth is basic, post, key or none.');
  return {
    ...{ client, kind, auth, scope, claims, prompt, subject },
    issuer: issuerOf(options.issuer, context),
    redirectUri: options['redirect-uri'],
    secretFile: options['secret-file'],
    keyFile: options['key-file'],
    listnr: (options.listnr ?? '').split(',').filter(Boolean),
    listnrScope: options['listnr-scope'],
    timeoutSeconds: timeoutOf(options.timeout),
    device: switches.has('device'),
    par: switches.has('par'),
    dpop: switches.has('dpop'),
    keep: switches.has('keep'),
    show: switches.has('show'),
    json: switches.has('json'),
  };
}

function issuerOf(given: string | undefined, { issuer }: CommandContext): string {
  const address = given ?? issuer();
  if (address === undefined)
    throw new OperatorError('ISSUER is not set. Say the address of the server with --issuer.');
  if (!/^https?:\/\//.test(address) || !URL.canParse(address))
    throw new OperatorError('--issuer takes an address such as https://login.example.');
  return address.replace(/\/+$/, '');
}

function timeoutOf(text: string | undefined): number {
  if (text === undefined) return USUAL_TIMEOUT;
  const seconds = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : Number.NaN;
  if (seconds <= LONGEST_TIMEOUT) return seconds;
  throw new OperatorError(`--timeout takes a number of seconds from 1 to ${LONGEST_TIMEOUT}.`);
}
