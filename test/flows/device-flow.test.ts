import { codePage } from './device-flow/code-page.ts';
import { decisions } from './device-flow/decisions.ts';
import { devices } from './device-flow/devices.ts';
import { polling } from './device-flow/polling.ts';
import { signingIn } from './device-flow/signing-in.ts';
import { aDeviceWorld } from './device-flow/world.ts';

/** RFC 8628: a device shows a code, and its person signs in with a browser elsewhere. */
describe('the device authorization grant', () => {
  const world = aDeviceWorld();
  beforeAll(() => world.start());
  afterAll(() => world.close());

  devices(world);
  polling(world);
  codePage(world);
  decisions(world);
  signingIn(world);
});
