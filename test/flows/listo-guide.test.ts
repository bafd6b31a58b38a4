import { authorizationCallback } from './listo-guide/authorization-callback.ts';
import { authorizationRequest } from './listo-guide/authorization-request.ts';
import { clientTypes, completeExample, tokenLifetimes } from './listo-guide/clients-and-lifetimes.ts';
import { codeExchange } from './listo-guide/code-exchange.ts';
import { idToken } from './listo-guide/id-token.ts';
import { refreshing } from './listo-guide/refreshing.ts';
import { userInformation } from './listo-guide/user-information.ts';
import { openWorld, type World } from './listo-guide/world.ts';

/** Every example and every table row of the guide, by its section, as the design reads them; one server for all. */
describe('the Listo guide, "OAuth 2.0 & OpenID Connect Integration Guide"', () => {
  let world: World & { close(): Promise<void> };
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());

  for (const section of [
    authorizationRequest,
    authorizationCallback,
    codeExchange,
    userInformation,
    refreshing,
    idToken,
    completeExample,
    clientTypes,
    tokenLifetimes,
  ]) {
    section(() => world);
  }
});
