import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.ts';
import { until } from '../support/time/until.ts';
import { listens, type Workshop } from './programs.ts';

/**
 * Debian's PgBouncer in transaction mode in front of a port on loopback, configured as in docs/operating.md: it
 * retries a lost primary after one second instead of 15.
 */
export async function startPgbouncer(
  workshop: Workshop,
  { port: target, user, password }: { port: number; user: string; password: string },
): Promise<number> {
  const port = await freePort();
  const users = join(workshop.folder, 'users.txt');
  const file = join(workshop.folder, 'pgbouncer.ini');
  writeFileSync(users, `"${user}" "${password}"\n`);
  writeFileSync(
    file,
    `[databases]
* = host=127.0.0.1 port=${target}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = transaction
max_client_conn = 200
default_pool_size = 30
server_login_retry = 1
server_connect_timeout = 3
query_wait_timeout = 5
`,
  );
  workshop.start('pgbouncer', [file]);
  await until('PgBouncer listens', () => listens(port));
  return port;
}
