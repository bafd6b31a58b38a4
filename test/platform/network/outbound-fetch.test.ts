import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import {
  createOutboundFetch,
  type LookUp,
  OutboundRefused,
} from '../../../src/platform/network/outbound-fetch.ts';

const NOBODY = { networks: [], loopback: false };
const DEVELOPING = { networks: [], loopback: true };

/** A name server that has these answers, one after another, for every name. */
function nameServer(...answers: string[][]): { lookUp: LookUp; asked: string[] } {
  const asked: string[] = [];
  const lookUp: LookUp = (hostname, _options, callback) => {
    asked.push(hostname);
    const found = answers[Math.min(asked.length, answers.length) - 1] ?? [];
    callback(
      null,
      found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  return { lookUp, asked };
}

/** `refused` where nothing was sent, otherwise the message of the failure. */
async function outcome(asking: Promise<Response>): Promise<number | string> {
  try {
    return (await asking).status;
  } catch (error) {
    return error instanceof OutboundRefused ? 'refused' : String((error as Error).message);
  }
}

describe('an address outside', () => {
  const notPublic = [
    ['this machine', '127.0.0.1'],
    ['this machine, at another address', '127.255.0.9'],
    ['this machine, by IPv6', '::1'],
    ['no address', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['no address, by IPv6', '::'],
    ['a private network', '10.0.0.1'],
    ['a private network', '172.31.255.255'],
    ['a private network', '192.168.1.1'],
    ['the metadata of a cloud', '169.254.169.254'],
    ['the metadata of a cloud', '100.100.100.200'],
    ['the metadata of a cloud', 'fd00:ec2::254'],
    ['a carrier’s network', '100.64.0.1'],
    ['protocol assignments', '192.0.0.170'],
    ['documentation', '192.0.2.1'],
    ['documentation', '198.51.100.1'],
    ['documentation', '203.0.113.1'],
    ['documentation', '2001:db8::1'],
    ['documentation', '3fff::1'],
    ['benchmarks', '198.19.255.255'],
    ['multicast', '224.0.0.1'],
    ['multicast', 'ff02::1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['link-local', 'fe80::1'],
    ['site-local', 'fec0::1'],
    ['unique local', 'fc00::1'],
    ['discarded', '100::1'],
    ['segment routing', '5f00::1'],
    ['IPv4 inside IPv6', '::ffff:10.0.0.1'],
    ['IPv4 inside IPv6', '::ffff:7f00:1'],
    ['IPv4 inside IPv6, the old form', '::127.0.0.1'],
    ['IPv4 translated', '::ffff:0:10.0.0.1'],
    ['NAT64', '64:ff9b::10.0.0.1'],
    ['NAT64', '64:ff9b::a9fe:a9fe'],
    ['NAT64 of a local prefix', '64:ff9b:1::a00:1'],
    ['6to4', '2002:a00:1::1'],
    ['Teredo', '2001:0:a00:1::1'],
  ] as const;

  it.each(notPublic)('is not asked where it is %s: %s', async (_what, address) => {
    const named = createOutboundFetch({ ...NOBODY, ...nameServer([address]) });
    expect(await outcome(named('https://provider.example/'))).toBe('refused');
    const spelled = createOutboundFetch(NOBODY);
    const host = address.includes(':') ? `[${address}]` : address;
    expect(await outcome(spelled(`https://${host}/`))).toBe('refused');
  });

  it('is not asked where one of a name’s addresses is not public', async () => {
    const fetch = createOutboundFetch({ ...NOBODY, ...nameServer(['8.8.8.8', '10.0.0.1']) });
    await expect(fetch('https://provider.example:8443/')).rejects.toThrow(
      'provider.example:8443 is not asked: its address is not public.',
    );
  });

  it.each([
    'https://2130706433/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://[::ffff:127.0.0.1]/',
    'https://[0:0:0:0:0:ffff:7f00:0001]/',
    'https://localhost/',
  ])('is recognized however it is written: %s', async (url) => {
    expect(await outcome(createOutboundFetch(NOBODY)(url))).toBe('refused');
  });

  it.each([
    'http://provider.example/',
    'http://8.8.8.8/',
    'ftp://provider.example/',
    'data:application/json,{}',
    'file:///etc/passwd',
    'https://provider.example:22/',
    'https://provider.example:25/',
    'https://provider.example:80/',
  ])('is asked by https alone, and on no port of another service: %s', async (url) => {
    for (const rules of [NOBODY, DEVELOPING]) {
      const { lookUp, asked } = nameServer(['8.8.8.8']);
      expect(await outcome(createOutboundFetch({ ...rules, lookUp })(url))).toBe('refused');
      expect(asked.length).toBe(url === 'http://provider.example/' ? 1 : 0);
    }
  });

  it('is not asked with a password in the address', async () => {
    await expect(createOutboundFetch(NOBODY)('https://user:word@provider.example/')).rejects.toThrow(
      'includes credentials',
    );
  });
});

describe('asking an address that somebody else answers', () => {
  let server: Server;
  let port: number;
  let answer: RequestListener = () => {};
  const requests: { method?: string | undefined; headers: object; body: string }[] = [];
  const fetch = createOutboundFetch(DEVELOPING);
  const at = (path = '/') => `http://127.0.0.1:${port}${path}`;
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      const { method, headers } = request;
      const chunks = await request.toArray();
      requests.push({ method, headers, body: Buffer.concat(chunks).toString() });
      answer(request, response);
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    ({ port } = server.address() as AddressInfo);
  });
  beforeEach(() => {
    requests.length = 0;
    answer = (_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end('{"small":true}');
    };
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });

  it('gives its answer', async () => {
    const response = await fetch(at());
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({ small: true });
    expect(requests).toEqual([
      {
        method: 'GET',
        headers: { host: `127.0.0.1:${port}`, 'accept-encoding': 'identity', connection: 'close' },
        body: '',
      },
    ]);
  });

  it('sends what fetch would send', async () => {
    await fetch(at('/token'), {
      method: 'POST',
      headers: { authorization: 'Basic x' },
      body: new URLSearchParams({ code: 'a b' }),
    });
    expect(requests).toEqual([
      {
        method: 'POST',
        headers: {
          host: `127.0.0.1:${port}`,
          authorization: 'Basic x',
          'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
          'content-length': '8',
          'accept-encoding': 'identity',
          connection: 'close',
        },
        body: 'code=a+b',
      },
    ]);
  });

  it('holds no more of an endless one than a mebibyte', async () => {
    answer = (_request, response) => {
      const write = () => {
        while (response.write('x'.repeat(65_536)));
      };
      response.on('drain', write);
      write();
    };
    await expect(fetch(at())).rejects.toThrow('The answer is larger than 1048576 bytes.');
  });

  it('waits no longer than it was told, neither for its beginning nor for its end', async () => {
    for (const begin of [false, true]) {
      answer = (_request, response) => {
        if (begin) response.write('{');
      };
      const asking = fetch(at(), { signal: AbortSignal.timeout(50) });
      await expect(asking).rejects.toMatchObject({ name: 'TimeoutError' });
    }
  });

  it('follows it nowhere else', async () => {
    const paths: (string | undefined)[] = [];
    answer = ({ url }, response) => {
      paths.push(url);
      response.writeHead(302, { location: '/elsewhere' }).end();
    };
    const response = await fetch(at('/here'));
    expect({ status: response.status, location: response.headers.get('location') }).toEqual({
      status: 302,
      location: '/elsewhere',
    });
    // A request to '/' that the test before broke off may arrive as late as now.
    expect(paths.filter((path) => path !== '/')).toEqual(['/here']);
  });

  it.each([204, 205, 304])('takes an answer without a body: %i', async (status) => {
    answer = (_request, response) => void response.writeHead(status).end();
    expect((await fetch(at())).status).toBe(status);
  });

  it('says that it failed where the answer is no usable HTTP', async () => {
    answer = (_request, response) => void response.writeHead(999).end();
    const failures = [await outcome(fetch(at()))];
    answer = (_request, response) => void response.writeHead(101, { upgrade: 'other' }).end();
    failures.push(await outcome(fetch(at(), { signal: AbortSignal.timeout(500) })));
    answer = (request) => void request.socket.destroy();
    failures.push(await outcome(fetch(at())));
    answer = (request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('cut');
      setImmediate(() => request.socket.destroy());
    };
    failures.push(await outcome(fetch(at())));
    const raw = createSocketServer((socket) => socket.on('error', () => {}).end('no HTTP\r\n\r\n'));
    await new Promise<void>((listening) => raw.listen(0, '127.0.0.1', listening));
    const rawPort = (raw.address() as AddressInfo).port;
    failures.push(await outcome(fetch(`http://127.0.0.1:${rawPort}/`)));
    raw.close();
    const failed = (port: number) => `127.0.0.1:${port} could not be asked.`;
    expect(failures).toEqual([failed(port), failed(port), failed(port), failed(port), failed(rawPort)]);
  });

  it('says that it failed where a name has no address', async () => {
    const nowhere = createOutboundFetch({ ...DEVELOPING, ...nameServer([]) });
    expect(await outcome(nowhere('https://provider.example/'))).toBe('refused');
    const lookUp: LookUp = (_hostname, _options, callback) =>
      callback(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }), []);
    expect(await outcome(createOutboundFetch({ ...DEVELOPING, lookUp })('https://a.example/'))).toBe(
      'a.example could not be asked.',
    );
  });

  it('resolves its name once, and connects to the address that was checked', async () => {
    const names = nameServer(['127.0.0.1'], ['10.0.0.1']);
    const rebound = createOutboundFetch({ ...DEVELOPING, ...names });
    const url = `http://provider.example:${port}/`;
    expect(await outcome(rebound(url))).toBe(200);
    expect(names.asked).toEqual(['provider.example']);
    expect(await outcome(rebound(url))).toBe('refused');
    expect(names.asked).toEqual(['provider.example', 'provider.example']);
    expect(requests.map(({ headers }) => headers)).toMatchObject([{ host: `provider.example:${port}` }]);
  });

  it('is allowed on addresses and networks that the operator lists', async () => {
    const asked = async (...networks: string[]) =>
      outcome(createOutboundFetch({ networks, loopback: false })(at()));
    expect(await asked()).toBe('refused');
    expect(await asked('10.0.0.0/8', '127.0.0.2')).toBe('refused');
    expect(await asked('127.0.0.1')).toBe(200);
    expect(await asked('127.0.0.0/8')).toBe(200);
    expect(await asked('::ffff:127.0.0.1/128')).toBe(200);
  });
});

describe('TLS outside', () => {
  let folder: string;
  let server: Server;
  let port: number;
  const before = getCACertificates('default');
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'listo-outbound-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const san = 'subjectAltName=DNS:provider.example';
    const asked = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=x', '-addext', san];
    execFileSync('openssl', [...asked, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    setDefaultCACertificates([...before, readFileSync(cert, 'utf8')]);
    server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
      response.end((request.socket as { servername?: string }).servername);
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(async () => {
    setDefaultCACertificates(before);
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
    rmSync(folder, { recursive: true });
  });

  it('verifies the name, though the connection goes to an address', async () => {
    const fetch = createOutboundFetch({ ...DEVELOPING, ...nameServer(['127.0.0.1']) });
    expect(await (await fetch(`https://provider.example:${port}/`)).text()).toBe('provider.example');
    const wrong = await fetch(`https://evil.example:${port}/`).catch((error: Error) => error);
    expect(wrong).toMatchObject({ cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } });
  });
});
