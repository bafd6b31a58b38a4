import { scannedTables } from '../../bench/load/hot-queries.ts';
import { drift, parseSignatures, speedArguments } from '../../bench/load/limit.ts';
import { rendered } from '../../bench/load/request.ts';
import { parsePlayed } from '../../bench/load/wrk.ts';
import { percentile } from '../../bench/report/percentile.ts';
import { cpuMsOf, residentBytes } from '../../bench/set-up/processes.ts';

const OPENSSL = `version: 3.0.19
options: bn(64,64)
                  sign    verify    sign/s verify/s
rsa 2048 bits 0.000464s 0.000014s   2157.0  73509.0
`;
const OPENSSL_WITH_ENCRYPTION = `version: 3.5.4
                   sign    verify    encrypt   decrypt   sign/s verify/s  encr./s  decr./s
rsa  2048 bits 0.000251s 0.000007s 0.000008s 0.000262s   3984.5 135218.2 124413.5   3816.7
`;
const PLAYED = {
  requests: 1200,
  seconds: 3.01,
  p50Ms: 21.5,
  p99Ms: 48.25,
  maxMs: 60,
  socketErrors: 0,
  timeouts: 0,
  wrong: null,
  exhausted: false,
};

const outputOf = (played: object) =>
  `Running 3s test @ http://127.0.0.1:3000\n  1 threads and 32 connections\n\nresult ${JSON.stringify(played)}\n`;

describe('the limit of the machine', () => {
  it('is the signatures a second that openssl speed prints, with or without the columns of encryption', () => {
    expect(parseSignatures(OPENSSL)).toBe(2157);
    expect(parseSignatures(OPENSSL_WITH_ENCRYPTION)).toBe(3984.5);
  });

  it('is measured by the clock, as the server is', () => {
    expect(speedArguments(2, 3)).toEqual(['speed', '-elapsed', '-seconds', '3', '-multi', '2', 'rsa2048']);
  });

  it('is refused when openssl prints no line of RSA 2048', () => {
    expect(() => parseSignatures('rsa 4096 bits 0.003s 0.00005s 330.0 20000.0')).toThrow(
      'openssl speed said nothing of RSA 2048:\nrsa 4096 bits 0.003s 0.00005s 330.0 20000.0',
    );
  });

  it('has moved by a share of the larger measurement, whichever came first', () => {
    expect(drift(2000, 1700)).toBeCloseTo(0.15);
    expect(drift(1700, 2000)).toBeCloseTo(0.15);
    expect(drift(2000, 2000)).toBe(0);
  });
});

describe('a load that was played', () => {
  it('is read from the line at its end', () => {
    expect(parsePlayed(outputOf(PLAYED))).toEqual(PLAYED);
  });

  it('is refused for the first answer that was not the expected one, and says which', () => {
    const wrong = 'answer 7 was 400 with {"error":"invalid_grant"}';
    expect(() => parsePlayed(outputOf({ ...PLAYED, wrong }))).toThrow(
      'Nothing is reported, for answer 7 was 400 with {"error":"invalid_grant"}',
    );
  });

  it('is refused when connections failed or answers did not come', () => {
    expect(() => parsePlayed(outputOf({ ...PLAYED, socketErrors: 2, timeouts: 1 }))).toThrow(
      'Nothing is reported, for 2 connections failed and 1 requests were not answered within 30 s.',
    );
  });

  it('is refused when nothing was answered, or wrk broke off', () => {
    expect(() => parsePlayed(outputOf({ ...PLAYED, requests: 0 }))).toThrow(
      'Nothing is reported, for nothing was answered.',
    );
    expect(() => parsePlayed('unable to connect to 127.0.0.1:3000 Connection refused\n')).toThrow(
      'wrk did not finish:\nunable to connect to 127.0.0.1:3000 Connection refused',
    );
  });
});

describe('a plan of Postgres', () => {
  it('names the tables that are read from end to end, however deep', () => {
    const plan = {
      'Node Type': 'Nested Loop',
      Plans: [
        { 'Node Type': 'Index Scan', 'Relation Name': 'refresh_families' },
        { 'Node Type': 'Hash', Plans: [{ 'Node Type': 'Seq Scan', 'Relation Name': 'grants' }] },
      ],
    };
    expect(scannedTables(plan)).toEqual(['grants']);
    expect(scannedTables({ 'Node Type': 'Index Only Scan', 'Relation Name': 'grants' })).toEqual([]);
  });
});

describe('a percentile', () => {
  it('is the nearest value that occurred', () => {
    const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);
    expect([0, 0.5, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([1, 50, 99, 100]);
    expect(percentile([7], 0.99)).toBe(7);
    expect(percentile([10, 9, 100], 0.5)).toBe(10);
  });

  it('of nothing is refused', () => {
    expect(() => percentile([], 0.5)).toThrow('There is no percentile of nothing.');
  });
});

describe('a request for the load generator', () => {
  it('is the bytes that go over the connection', () => {
    expect(
      rendered({
        method: 'POST',
        url: 'https://login.example/auth/token',
        headers: { Authorization: 'Basic eDp5' },
        form: { code: 'a b', redirect_uri: 'https://app.example/callback' },
      }),
    ).toBe(
      'POST /auth/token HTTP/1.1\r\nHost: login.example\r\nAccept: */*\r\nAuthorization: Basic eDp5\r\n' +
        'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 58\r\n\r\n' +
        'code=a+b&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback',
    );
    expect(rendered({ method: 'GET', url: 'http://127.0.0.1:3000/auth/jwks' })).toBe(
      'GET /auth/jwks HTTP/1.1\r\nHost: 127.0.0.1:3000\r\nAccept: */*\r\n\r\n',
    );
  });
});

// It reads /proc, which only Linux has.
if (process.platform === 'linux')
  describe('what a process uses', () => {
    it('grows by the work it does', () => {
      const before = cpuMsOf(process.pid);
      const until = process.cpuUsage().user + 100_000;
      while (process.cpuUsage().user < until);
      expect(cpuMsOf(process.pid) - before).toBeGreaterThanOrEqual(80);
      expect(cpuMsOf(process.pid) - before).toBeLessThan(5000);
    });

    it('is the memory that the kernel says it holds', () => {
      const share = residentBytes(process.pid) / process.memoryUsage.rss();
      expect(share).toBeGreaterThan(0.8);
      expect(share).toBeLessThan(1.25);
    });
  });
