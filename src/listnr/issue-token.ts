import type { ListnrClient } from '../clients/listnr/listnr-client.ts';
import type { LogFacts } from '../http/records/log-fields.ts';
import type { VerifiedIdToken } from '../tokens/id-tokens/accepted-issuer.ts';
import type { IdTokenVerifier } from '../tokens/id-tokens/id-token-verifier.ts';
import {
  issueListnrToken,
  type ListnrIssueDependencies,
  type ListnrTokenAnswer,
} from '../tokens/listnr/issue-listnr-token.ts';
import { authenticateBasic } from './authentication/authenticate-basic.ts';
import { authenticateBearer } from './authentication/authenticate-bearer.ts';
import { readAuthorization } from './authentication/authorization-header.ts';
import type { Directory } from './directory.ts';
import type { TokenRequest } from './token-request.ts';

export interface IssueTokenDependencies extends ListnrIssueDependencies {
  directory: Directory;
  idTokens: IdTokenVerifier;
}

/** The parts of a request: the header, the body, and the record of the client that the body names. */
export interface Presented {
  authorization: string;
  request: TokenRequest;
  client: ListnrClient | undefined;
  /** Says whose request this is, for the log, as soon as that is known. */
  note(facts: LogFacts): void;
}

/**
 * Identifies the client, and issues its token.
 * @throws HttpError from the guide's table.
 */
export async function issueToken(
  presented: Presented,
  dependencies: IssueTokenDependencies,
): Promise<ListnrTokenAnswer> {
  const { client, idToken } = await authenticate(presented, dependencies);
  // The subject of another issuer may be anything, such as an e-mail address.
  presented.note(
    idToken
      ? { clientIs: 'registered', ...(idToken.own ? { person: idToken.claims.sub } : {}) }
      : { clientIs: 'authenticated' },
  );
  const { scope, subject } = presented.request;
  return issueListnrToken({ client, idToken, scope, subject }, dependencies);
}

async function authenticate(
  { authorization, request: { clientId }, client, note }: Presented,
  dependencies: IssueTokenDependencies,
): Promise<{ client: ListnrClient; idToken?: VerifiedIdToken }> {
  const credentials = readAuthorization(authorization);
  return credentials.scheme === 'bearer'
    ? authenticateBearer(credentials.token, client, dependencies)
    : { client: await authenticateBasic(credentials, { clientId, client }, { ...dependencies, note }) };
}
