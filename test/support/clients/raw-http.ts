import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Sends a request with headers and a target that fetch would refuse: any Host, any spelling of the path. */
export function sendHttp(
  port: number,
  {
    method = 'GET',
    path,
    headers = {},
    body,
  }: { method?: string; path: string; headers?: Record<string, string>; body?: string | Buffer },
): Promise<RawAnswer> {
  return new Promise((answered, failed) => {
    const sent = request(
      { host: 'localhost', port, method, path, headers, agent: false, maxHeaderSize: 65_536 },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () =>
          answered({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
        response.on('error', failed);
      },
    );
    sent.on('error', failed);
    sent.end(body);
  });
}

/** Sends raw bytes, and returns everything that the server sent before it closed the connection. */
export function sendBytes(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((answered) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, 'localhost', () => socket.write(bytes));
    socket.on('data', (chunk) => chunks.push(chunk));
    // If the server closes while bytes are still under way, the connection is reset.
    socket.on('error', () => {});
    socket.on('close', () => answered(Buffer.concat(chunks).toString('utf8')));
  });
}
