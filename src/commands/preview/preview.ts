import { OperatorError } from '../../platform/errors.ts';
import type { Command, CommandContext, GivenOptions } from '../command.ts';
import type { PreviewOptions, Settings } from './run-preview.ts';

const SOMETHING_IS_REFUSED = 1;

export const previewCommand: Command = {
  name: 'preview',
  operands: [],
  options: {
    ...{ client: 'ID', person: 'ID', email: 'ADDRESS', scope: 'WORDS', claims: 'JSON', nonce: 'TEXT' },
    amr: 'WORDS',
    ...{ listnr: 'ID[,ID]', 'listnr-scope': 'WORDS', subject: 'TEXT', 'id-token': 'JSON' },
  },
  switches: ['dpop', 'json'],
  summary:
    'Show what a client would get for a person: ID token, userinfo, access token, LiSTNR tokens, with their sizes, and what would be refused. Nothing is signed or written.',
  words: {
    client: 'The application.',
    person: 'Who signs in, by their id. Without it and --email, somebody made up who has every claim.',
    email: 'Who signs in, by their address.',
    scope: 'The scopes of the request, in quotation marks; without it, all that the client may ask for.',
    claims: 'The parameter claims of the request, such as {"userinfo":{"email":null}}.',
    nonce: 'The nonce of the request.',
    amr: "What the customer's own provider says of the sign-in, where the instance has one.",
    listnr: 'The clients of LiSTNR that ask for a token; those for signed-in users get the ID token.',
    'listnr-scope': 'The scopes that these ask for; without it, all that they may ask for.',
    subject: 'The subject that a client of LiSTNR with a secret asks for.',
    'id-token':
      'The claims of an ID token of another issuer, which a client of LiSTNR accepts; never a token.',
    dpop: 'The request proves a key (DPoP), though the client need not.',
  },
  examples: [
    'preview --client acme-portal --email ada@acme.example --scope "openid email"',
    'preview --client acme-portal --listnr radio-app',
    'preview --listnr radio-service --subject ada --json',
  ],
  async run(context, _operands, given) {
    const options = optionsOf(given);
    const settings = settingsOf(context);
    // Most commands need none of this.
    const [{ preview }, { printPreview, jsonOfPreview }] = await Promise.all([
      import('./run-preview.ts'),
      import('./printed.ts'),
    ]);
    const database = await context.openDatabase();
    try {
      const found = await database.knex.transaction(async (trx) => {
        await trx.raw('SET TRANSACTION READ ONLY');
        return preview(trx, options, settings);
      });
      if (given.switches.has('json')) context.print(jsonOfPreview(found));
      else for (const line of printPreview(found)) context.print(line);
      const isRefused =
        found.refused.length > 0 || Object.values(found.listnr).some((one) => 'refused' in one);
      return isRefused ? SOMETHING_IS_REFUSED : undefined;
    } finally {
      await database.close();
    }
  },
};

function optionsOf({ options, switches }: GivenOptions): PreviewOptions {
  const { client, person, email, scope, claims, nonce, listnr, subject } = options;
  if (client === undefined && listnr === undefined)
    throw new OperatorError(
      'Say for which application, with --client ID, or for which client of LiSTNR, with --listnr ID.',
    );
  if (person !== undefined && email !== undefined)
    throw new OperatorError('Say who with --person or with --email, not both.');
  if (client === undefined && (person ?? email) !== undefined)
    throw new OperatorError('A person gets tokens by an application: say which with --client ID.');
  return {
    ...{ client, person: person ?? email, scope, claims, nonce, subject },
    amr: options.amr?.split(' ').filter(Boolean),
    dpop: switches.has('dpop'),
    listnr: (listnr ?? '').split(',').filter(Boolean),
    listnrScope: options['listnr-scope'],
    idToken: options['id-token'] === undefined ? undefined : claimsIn(options['id-token']),
  };
}

function claimsIn(text: string): Record<string, unknown> {
  try {
    const claims: unknown = JSON.parse(text);
    if (typeof claims === 'object' && claims !== null && !Array.isArray(claims))
      return claims as Record<string, unknown>;
  } catch {
    // The sentence below is about this, too.
  }
  throw new OperatorError(
    '--id-token takes the claims of an ID token of another issuer, as JSON such as {"iss":"https://idp.example","sub":"ada","aud":"their-app"}; never a token.',
  );
}

function settingsOf({ issuer: issuerOf, listnr, clock }: CommandContext): Settings {
  const issuer = issuerOf();
  if (issuer === undefined) throw new OperatorError('ISSUER is not set, and tokens say who issues them.');
  return { issuer, ...listnr(), clock };
}
