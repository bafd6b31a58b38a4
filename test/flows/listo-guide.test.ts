import { authorizationCallback } from './listo-guide/authorization-callback.ts';
import { authorizationRequest } from './listo-guide/authorization-request.ts';
import { openWorld } from './listo-guide/world.ts';

describe('the Listo guide, "OAuth 2.0 & OpenID Connect Integration Guide"', () => {
  let world: Awaited<ReturnType<typeof openWorld>>;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());

  authorizationRequest(() => world);
  authorizationCallback(() => world);
});
