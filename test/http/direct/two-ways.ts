import type { AddressInfo } from 'node:net';
import { createListener, unreadListener } from '../../../src/app.ts';
import { DIRECT_KINDS, type DirectKind } from '../../../src/config/direct.ts';
import { createHttpServer } from '../../../src/http/connections/http-server.ts';
import type { RefusalRecorder } from '../../../src/refusals/record/recorder.ts';
import type { Refused } from '../../../src/refusals/refused.ts';
import type { TestServer } from '../../support/servers/test-server.ts';

export interface Way {
  port: number;
  /** The refused requests that it recorded. */
  refused: Refused[];
  close(): Promise<void>;
}

export const WAYS = { short: DIRECT_KINDS, long: [] } as const;

/** The same server on another port, where these kinds of requests go the short way. */
export async function openWay(
  { services }: Pick<TestServer, 'services'>,
  kinds: readonly DirectKind[],
): Promise<Way> {
  const config = { ...services.config, direct: new Set(kinds) };
  const { logger, refusalRecorder } = services;
  const refused: Refused[] = [];
  const noting: RefusalRecorder = {
    ...refusalRecorder,
    record(one, network) {
      refused.push(one);
      refusalRecorder.record(one, network);
    },
  };
  const noted = { ...services, config, refusalRecorder: noting };
  const server = createHttpServer(
    { logger, onUnread: unreadListener(noted), limits: config.connections },
    createListener(noted, { retiring: () => false }),
  );
  await new Promise<void>((listening) => server.listen(0, 'localhost', listening));
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    refused,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
