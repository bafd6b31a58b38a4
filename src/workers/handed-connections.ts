import type { Worker } from 'node:cluster';

type Message = { cmd?: string; act?: string; seq?: number; ack?: number; accepted?: boolean };
type Send = (message: Message, connection?: { close(): void }, ...more: unknown[]) => boolean;

/**
 * Node forgets a connection that it has handed to a worker which ends before it takes it, and the client waits for ever.
 * So what was handed is noted here until the worker says that it has it. When the worker is gone, and `otherServes`,
 * Node is told in its place that it did not take it, as a worker that closes its port does; then another gets it.
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
    // As long as it can be reached, Node may hand it more.
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
  // Either may be the last, or the only one.
  worker.once('disconnect', passOn);
  worker.once('exit', passOn);
}
