/**
 * The floor under every server in Node: `node:http` in one process for each core, which reads a request, makes its RS256
 * signatures, and answers. It checks nothing and keeps nothing, so it is no server for anybody. The benchmark starts it.
 */
import cluster from 'node:cluster';
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { floorSettings } from './set-up/environment.ts';

const { port, workers, signatures } = floorSettings();
const HEADER = encoded({ alg: 'RS256', typ: 'at+jwt', kid: 'floor' });

if (cluster.isPrimary) {
  for (let n = 0; n < workers; n += 1) cluster.fork();
} else {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

  const signed = () => {
    const iat = Math.floor(Date.now() / 1000);
    const claims = { iss: 'https://floor.example', sub: 'somebody', iat, exp: iat + 300, jti: randomUUID() };
    const input = `${HEADER}.${encoded(claims)}`;
    return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
  };

  // The answer has what the benchmark expects in any answer.
  const answer = () => {
    const names = ['access_token', 'id_token'].slice(0, signatures);
    const tokens = Object.fromEntries(names.map((name) => [name, signed()]));
    return JSON.stringify({
      ...tokens,
      ...{ refresh_token: randomUUID(), token_type: 'Bearer', expires_in: 300 },
      ...{ sub: 'somebody', active: true, keys: [], token_endpoint: '' },
    });
  };

  createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      Buffer.concat(chunks).toString('utf8');
      const body = answer();
      response.writeHead(200, {
        'Content-Type': 'application/json',
        'Cache-Control': 'no-store',
        'Content-Length': Buffer.byteLength(body),
      });
      response.end(body);
    });
  }).listen(port, '127.0.0.1');
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
