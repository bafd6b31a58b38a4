import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A request with headers and a target that fetch would not send: any Host, any spelling of the path. */
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

/** Sends bytes as they are and answers everything that came back before the server closed the connection. */
export function sendBytes(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((answered) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, 'localhost', () => socket.write(bytes));
    socket.on('data', (chunk) => chunks.push(chunk));
    // What was sent may still be under way when the server closes: that resets the connection.
    socket.on('error', () => {});
    socket.on('close', () => answered(Buffer.concat(chunks).toString('utf8')));
  });
}
