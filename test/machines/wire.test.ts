import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { layWire, type Wire } from './wire.ts';

/** Answers every message with its name. */
async function startEcho(name: string): Promise<{ port: number; server: Server }> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => socket.write(name));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as { port: number }).port, server };
}

async function ask(socket: Socket): Promise<string> {
  socket.write('?');
  const [answer] = await once(socket, 'data', { signal: AbortSignal.timeout(5000) });
  return String(answer);
}

/** Whether a message got no answer while another connection got one. */
async function isSilent(socket: Socket, meanwhile: () => Promise<unknown>): Promise<boolean> {
  let heard = false;
  for (const event of ['data', 'close'])
    socket.once(event, () => {
      heard = true;
    });
  socket.write('?');
  await meanwhile();
  return !heard;
}

describe('a wire', () => {
  let echoes: { port: number; server: Server }[];
  let wire: Wire;
  let sockets: Socket[];

  const open = async () => {
    const socket = connect(wire.port, '127.0.0.1');
    socket.on('error', () => {});
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  };

  beforeEach(async () => {
    echoes = [await startEcho('one'), await startEcho('two')];
    wire = await layWire(echoes[0]?.port ?? 0);
    sockets = [];
  });
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    wire.close();
    for (const { server } of echoes) server.close();
  });

  it('leads new connections elsewhere and leaves those that are open where they are', async () => {
    const before = await open();
    expect(await ask(before)).toBe('one');
    wire.lead(echoes[1]?.port ?? 0);
    expect({ before: await ask(before), after: await ask(await open()) }).toEqual({
      before: 'one',
      after: 'two',
    });
  });

  it('forgets open connections without closing them, and carries new ones', async () => {
    const before = await open();
    await ask(before);
    wire.forget();
    expect(await isSilent(before, async () => ask(await open()))).toBe(true);
  });

  it('carries nothing while it is silent, not of new connections either, and resets them when it is mended', async () => {
    const before = await open();
    await ask(before);
    wire.silence();
    const during = await open();
    const closed = [before, during].map((socket) => new Promise((done) => socket.once('close', done)));
    expect(await isSilent(before, () => isSilent(during, open))).toBe(true);
    wire.mend();
    await Promise.all(closed);
    expect(await ask(await open())).toBe('one');
  });
});
