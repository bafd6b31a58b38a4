import * as oidc from 'openid-client';
import type { Tokens } from './code-flow.ts';
import { askListnr } from './listnr-flow.ts';
import type { Played } from './played.ts';
import { tellToken } from './tokens-printed.ts';

/** Uses the tokens as an application does: userinfo, introspection, LiSTNR, a refresh, and revokes them at the end. */
export async function useTokens(tokens: Tokens, played: Played): Promise<void> {
  const { config, client, options, transcript, DPoP } = played;
  const proved = DPoP ? { DPoP } : undefined;
  tellTokens(tokens, played);
  const sub = tokens.claims()?.sub;
  if (sub !== undefined) {
    transcript.step('Userinfo');
    await oidc.fetchUserInfo(config, tokens.access_token, sub, proved);
  }
  if (!client.isPublic) {
    transcript.step('Introspection');
    await oidc.tokenIntrospection(config, tokens.access_token);
  }
  if (options.listnr.length > 0) await askListnr(tokens.id_token, played);
  let latest = tokens.refresh_token;
  if (latest !== undefined) {
    transcript.step('Refresh');
    const refreshed = await oidc.refreshTokenGrant(config, latest, undefined, proved);
    tellTokens(refreshed, played);
    latest = refreshed.refresh_token ?? latest;
  }
  if (options.keep) return;
  transcript.step('Revocation');
  await oidc.tokenRevocation(config, latest ?? tokens.access_token);
}

function tellTokens({ id_token, access_token }: Tokens, { transcript }: Played): void {
  if (id_token !== undefined)
    tellToken(transcript, 'ID token, whose signature and claims are right', id_token);
  tellToken(transcript, 'Access token', access_token);
}
