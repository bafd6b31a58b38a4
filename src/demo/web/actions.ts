import { decodeJwt } from 'jose';
import type { ActionId, Outcome, SignedIn } from '../demo-session.ts';
import { explainFailure } from '../failure.ts';
import type { RelyingParty } from '../relying-party.ts';
import type { Exchange } from '../requests/exchange.ts';
import type { ListnrConsumer } from './listnr-consumer.ts';

/**
 * The buttons' actions. Each action keeps in `signedIn` the values that later ones need, and returns its outcome. A
 * refused request is an outcome too, and the page shows it like any other.
 */
export function createActions({
  web,
  listnr,
}: {
  web: RelyingParty;
  listnr: ListnrConsumer;
}): Record<ActionId, (signedIn: SignedIn) => Promise<Outcome>> {
  return {
    userinfo: ({ tokens }) =>
      outcomeOf(async (record) => {
        // The subject comes from the verified ID token: userinfo about another person must be rejected (OIDC Core
        // 5.3.2).
        const { sub = '' } = decodeJwt(tokens.idToken);
        await web.fetchUserinfo(tokens.accessToken, sub, record);
        return {};
      }),

    refresh: (signedIn) =>
      outcomeOf(async (record) => {
        const before = signedIn.tokens;
        const after = await web.refresh(before, record);
        signedIn.tokens = after;
        return { replaced: { before, after } };
      }),

    'listnr-token': (signedIn) =>
      outcomeOf(async (record) => {
        signedIn.listnrToken = await listnr.issueToken(signedIn.tokens.idToken, record);
        return {};
      }),

    'listnr-verification': ({ listnrToken: token = '' }) =>
      outcomeOf(async (record) => {
        await listnr.verifyToken(token, record);
        return { token };
      }),
  };
}

async function outcomeOf(
  action: (record: Exchange[]) => Promise<Pick<Outcome, 'replaced' | 'token'>>,
): Promise<Outcome> {
  const record: Exchange[] = [];
  try {
    const result = await action(record);
    return { ...result, exchange: record[0] };
  } catch (error) {
    return { exchange: record[0], failure: explainFailure(error) };
  }
}
