import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OperatorError } from './platform/errors.ts';

/**
 * Listens and returns the port; with port 0, a free one. `variable` is the name of the port's setting.
 * @throws OperatorError that says why it cannot listen there.
 */
export function listen(
  server: Server,
  host: string,
  port: number,
  variable: 'PORT' | 'INTERNAL_PORT' = 'PORT',
): Promise<number> {
  return new Promise((listening, failed) => {
    // The listener stays: a later error is a connection that could not be accepted, and must not end the process.
    server.on('error', (error: NodeJS.ErrnoException) => failed(explained(error, { host, port, variable })));
    server.listen(port, host, () => listening((server.address() as AddressInfo).port));
  });
}

function explained(
  error: NodeJS.ErrnoException,
  { host, port, variable }: { host: string; port: number; variable: string },
): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new OperatorError(
        `Port ${port} on ${host} is in use. Stop what listens there, or set another ${variable}.`,
        { cause: error },
      );
    case 'EACCES':
      return new OperatorError(
        `Port ${port} on ${host} needs privileges this process does not have. Set a ${variable} above 1023.`,
        { cause: error },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new OperatorError(`HOST ${host} is not an address of this machine.`, { cause: error });
    default:
      return error;
  }
}
