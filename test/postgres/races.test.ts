import { codeRaces } from './races/codes.ts';
import { deviceRaces } from './races/devices.ts';
import { endings } from './races/endings.ts';
import { proofRaces } from './races/proofs.ts';
import { refreshRaces } from './races/refreshes.ts';
import { signInRaces } from './races/sign-ins.ts';
import { startTwoServers, type TwoServers } from './races/two-servers.ts';

/** Fifty requests released together at two processes, in twenty rounds each. */
describe('two servers on one database', () => {
  let running: TwoServers;
  beforeAll(async () => {
    running = await startTwoServers();
  });
  afterAll(() => running.close());

  const servers = () => running;
  codeRaces(servers);
  deviceRaces(servers);
  refreshRaces(servers);
  endings(servers);
  proofRaces(servers);
  signInRaces(servers);
});
