import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../scripts/free-port.ts';
import { until } from '../support/time/until.ts';
import { listens, type Workshop } from './programs.ts';

/** The samples of the documents, so that the tests cover the recommended set-up. */
const SAMPLES = {
  public: new URL('../../docs/haproxy.cfg', import.meta.url),
  primary: new URL('../../docs/haproxy-postgres.cfg', import.meta.url),
};

export interface Balancer {
  port: number;
  /** How many servers of a backend HAProxy considers up. */
  up(backend: string): Promise<number>;
}

/**
 * Runs one of the documents' samples. Only addresses are replaced, by those of this machine, and the texts in
 * `changes`. The sample must contain every text that is replaced. `more` is a part of a configuration, added as it is.
 */
export async function startHaproxy(
  workshop: Workshop,
  sample: keyof typeof SAMPLES,
  changes: Readonly<Record<string, string>>,
  more = '',
): Promise<Balancer> {
  const [port, statistics] = [await freePort(), await freePort()];
  const bind =
    sample === 'public'
      ? 'bind :443 ssl crt /etc/haproxy/login.example.pem alpn h2,http/1.1'
      : 'bind 10.0.0.10:5432';
  const text = replaceAll(readFileSync(fileURLToPath(SAMPLES[sample]), 'utf8'), {
    ...changes,
    [bind]: `bind 127.0.0.1:${port}`,
  });
  const file = join(workshop.folder, `haproxy-${sample}.cfg`);
  writeFileSync(file, `${text}\n${more}\n${statisticsAt(statistics)}`);
  workshop.start('haproxy', ['-db', '-f', file]);
  await until(`HAProxy listens (${file})`, () => listens(port));
  return { port, up: (backend) => countUp(statistics, backend) };
}

function replaceAll(text: string, changes: Readonly<Record<string, string>>): string {
  return Object.entries(changes).reduce((so, [from, to]) => {
    if (!so.includes(from)) throw new Error(`The sample has no "${from}".`);
    return so.replaceAll(from, to);
  }, text);
}

function statisticsAt(port: number): string {
  return `
frontend statistics
    mode http
    no log
    timeout client 5s
    bind 127.0.0.1:${port}
    stats enable
    stats uri /
`;
}

async function countUp(port: number, backend: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/;csv`).catch(() => undefined);
  const [head = '', ...rows] = ((await response?.text()) ?? '').split('\n');
  const status = head.split(',').indexOf('status');
  return rows
    .map((row) => row.split(','))
    .filter(([name, server]) => name === backend && server !== 'BACKEND' && server !== 'FRONTEND')
    .filter((row) => row[status]?.startsWith('UP')).length;
}
