import type { Provider } from 'oidc-provider';
import type { KeyRing } from '../../keys/key-ring.ts';
import { type Clock, epochSeconds } from '../../platform/time/clock.ts';
import { signerOf } from '../../tokens/issue-tokens.ts';
import { errorUri } from '../answers/error-uri.ts';
import type { IdTokenHints } from '../id-token-hint.ts';
import { requestContext } from '../request-context.ts';
import { clientRecord } from '../storage/client-metadata.ts';
import { replace } from './replace.ts';

type Validate = Provider['IdToken']['validate'];

/** The library reads an `id_token_hint` of an authorization request as we do, also when its key is published no more. */
export function readHints(provider: Provider, { hints }: { hints: IdTokenHints }): void {
  replace(provider.IdToken, {
    async validate(...[hint, client]: Parameters<Validate>): ReturnType<Validate> {
      const sub = await hints.subjectAskedFor({ id_token_hint: hint }, client.clientId);
      if (sub === undefined) throw new Error('The hint is no ID token of ours for this client.');
      return { header: {}, payload: { sub } };
    },
  });
}

/** JARM section 2.1 recommends ten minutes at most. A client reads the answer at once. */
const SECONDS = 120;

interface Answer {
  /** The members of the answer: a code, or an error. */
  extra: Record<string, unknown>;
  client: object;
}

/**
 * Signs the answer to an authorization request that is a JWT (JARM), with the keys of everything that this server signs.
 * It has no `sub`, so nothing takes it for an ID token. The library makes no ID token here.
 * @throws HttpError 503 for a second or two after the first client chose an algorithm.
 */
export function signAnswers(
  provider: Provider,
  { issuer, keyRing, clock }: { issuer: string; keyRing: KeyRing; clock: Clock },
): void {
  replace(provider.IdToken.prototype, {
    async issue(this: Answer, { use }: { use: string }): Promise<string> {
      if (use !== 'authorization')
        throw new Error(`The library makes a token for ${use}, which tokens/ makes.`);
      const { id, authorizationSignedResponseAlg: alg } = clientRecord(this.client);
      const signer = signerOf(alg, keyRing);
      const { error } = this.extra;
      const uri = error === undefined ? undefined : errorUri(issuer);
      requestContext().isAnswerSigned = true;
      return signer.sign(
        {
          ...this.extra,
          ...(uri === undefined ? {} : { error_uri: uri }),
          ...{ iss: issuer, aud: id, exp: epochSeconds(clock) + SECONDS },
        },
        'JWT',
      );
    },
  });
}
