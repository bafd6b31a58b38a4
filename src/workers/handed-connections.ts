import type { Worker } from 'node:cluster';

type Message = { cmd?: string; act?: string; seq?: number; ack?: number; accepted?: boolean };
type Send = (message: Message, connection?: { close(): void }, ...more: unknown[]) => boolean;

/**
 * Node forgets a connection that it hands to a worker which ends before taking it, and the client would wait for
 * ever. So this keeps each such connection until the worker acknowledges it. When the worker is gone and
 * `otherServes`, this tells Node that the worker refused, as a worker does whose port is closed. Node then gives the
 * connection to another worker.
 */
export function passOnConnections(worker: Worker, otherServes: () => boolean): void {
  const { process } = worker;
  const handed = new Map<number, { close(): void }>();
  const send = process.send?.bind(process) as Send;
  const noting: Send = (message, connection, ...more) => {
    if (message.act === 'newconn' && message.seq !== undefined && connection)
      handed.set(message.seq, connection);
    return send(message, connection, ...more);
  };
  process.send = noting as typeof process.send & Send;
  process.on('internalMessage' as 'message', (message) => {
    const { ack } = message as Message;
    if (ack !== undefined) handed.delete(ack);
  });
  const passOn = () => {
    // While the channel is open, Node may still hand it connections.
    if (worker.isConnected()) return;
    for (const [ack, connection] of [...handed]) {
      if (otherServes())
        process.emit(
          'internalMessage' as 'message',
          { cmd: 'NODE_CLUSTER', ack, accepted: false },
          undefined,
        );
      else connection.close();
    }
    handed.clear();
  };
  // Either event may come last or alone.
  worker.once('disconnect', passOn);
  worker.once('exit', passOn);
}
