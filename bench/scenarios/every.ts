import { introspection, userinfo } from './access-token.ts';
import { passwordSignIn, singleSignOn } from './browser.ts';
import { listnrDuringFlood } from './flood.ts';
import { listnrAuthenticatedUser, listnrClientCredentials } from './listnr.ts';
import { listnrNewConnections, userinfoNewConnections } from './new-connections.ts';
import { discovery, jwks, listnrJwks } from './published.ts';
import type { Scenario } from './scenario.ts';
import { codeExchange, refresh } from './token-endpoint.ts';

/** All scenarios, in the order of the table. */
export const SCENARIOS: readonly Scenario[] = [
  listnrClientCredentials,
  listnrAuthenticatedUser,
  codeExchange,
  refresh,
  userinfo,
  introspection,
  singleSignOn,
  passwordSignIn,
  listnrNewConnections,
  userinfoNewConnections,
  listnrDuringFlood,
  jwks,
  listnrJwks,
  discovery,
];
