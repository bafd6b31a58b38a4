/**
 * `npm run bench:equal-time`: asks in turn with a name that exists and with one that does not, and compares the medians.
 * Somebody who measures answers should not learn which names exist. The exit code is 1 when a pair differs by more than 10 %
 * and more than 0.2 ms; for people's pages, by more than 5 % and more than 0.5 ms. It is 1, too, when an answer differs
 * in more than what is random. `--only TEXT` asks only what has these words.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { hashPassword } from '../../src/platform/secrets/digest.ts';
import { startMailServer } from '../../test/support/mail/mail-server.ts';
import { type Answer, compare, type Pair } from '../equal-time/compare.ts';
import { askingWhy, recordRefusals } from '../equal-time/explanations.ts';
import { pairsOfPeople, pairsWithOthers, registerOthers } from '../equal-time/people.ts';
import { basic } from '../load/request.ts';
import { wholeNumber } from '../options.ts';
import { runProgram } from '../program.ts';
import { markdownTable } from '../report/table.ts';
import { connect } from '../set-up/cluster.ts';
import { type Ground, withGround, withServer } from '../set-up/own-server.ts';
import { ownTarget, type Target } from '../set-up/target.ts';

const { values } = parseArgs({
  options: { pairs: { type: 'string', default: '300' }, only: { type: 'string', default: '' } },
});
const pairs = wholeNumber('pairs', values.pairs, 1);

/** The limits work, and no pair reaches them. */
const LIMITS = { FAILURES_PER_MINUTE: '1000000' };

const HEAD = ['asked', 'name that exists', 'name that does not', 'difference', 'equal time', 'equal answer'];

/** A process sees a change of a registration within a second or two. */
const FOLLOWED_MS = 5000;

const mails = await startMailServer();
const MAIL = { SMTP_URL: `smtp://localhost:${mails.port}`, MAIL_FROM: 'bench@listo.example' };

await runProgram(() =>
  withGround((ground) =>
    withServer(ground, { workers: 1, extra: { ...LIMITS, ...MAIL } }, async ({ server }) => {
      const target = await ownTarget(server.base);
      const rows: string[][] = [];
      const compareAll = async (all: readonly Pair[]) => {
        for (const pair of all) if (pair.what.includes(values.only)) rows.push(await compare(pair, pairs));
      };
      await compareAll(await pairsOfPeople(target));
      await registerOthers(ground);
      await compareAll(await pairsWithOthers(target));
      await compareAll(ofClients(target));
      await recordRefusals(ground);
      await compareAll([askingWhy(target)]);
      const others = withSlowSecrets(target);
      if (others.some(({ what }) => what.includes(values.only))) {
        await registerSlowSecrets(ground);
        await pause(FOLLOWED_MS);
      }
      await compareAll(others);
      process.stdout.write(`${markdownTable(HEAD, rows)}\n`);
      if (rows.some((row) => row.includes('no'))) process.exitCode = 1;
    }),
  ),
);
await mails.close();

function ofClients(target: Target): Pair[] {
  return [
    ofClient(target, '/auth/token', 'bench-web'),
    ofClient(target, '/auth/introspect', 'bench-web'),
    ofListnr(target, 'bench-service'),
  ];
}

/** Other clients have `argon2id:` secrets now. */
function withSlowSecrets(target: Target): Pair[] {
  const slow = (pair: Pair, kind: string) => ({ ...pair, what: `${pair.what}, ${kind}` });
  const others = 'while others have argon2id secrets';
  return [
    slow(ofClient(target, '/auth/token', 'bench-web'), others),
    slow(ofClient(target, '/auth/token', 'bench-slow'), 'with an argon2id secret'),
    slow(ofListnr(target, 'bench-service'), others),
    slow(ofListnr(target, 'bench-slow'), 'with an argon2id secret'),
  ];
}

async function registerSlowSecrets({ cluster }: Ground): Promise<void> {
  const digest = `argon2id:${await hashPassword('not guessed here')}`;
  const client = await connect(cluster.url);
  await client.query(`
    BEGIN;
    INSERT INTO clients (id, instance_id, name, type, redirect_uris)
    VALUES ('bench-slow', 'bench', 'Slow', 'confidential', '{https://app.bench.example/callback}');
    INSERT INTO client_secrets (client_id, digest) VALUES ('bench-slow', '${digest}');
    INSERT INTO listnr_clients (id, pattern, scopes, environments)
    VALUES ('bench-slow', 'client_credentials', '{read:profile}', '{production}');
    INSERT INTO listnr_client_secrets (client_id, digest) VALUES ('bench-slow', '${digest}');
    COMMIT`);
  await client.end();
}

function ofClient({ base }: Target, path: string, known: string): Pair {
  return {
    what: `\`${path}\`, Basic`,
    known: () => known,
    status: 401,
    ask: (name, n) =>
      post(`${base}${path}`, {
        headers: { authorization: basic(name ?? `bench-${10_000 + n}`, 'wrong') },
        body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'x', token: 'x' }),
      }),
  };
}

function ofListnr({ base }: Target, known: string): Pair {
  return {
    what: 'LiSTNR, Basic',
    known: () => known,
    status: 401,
    ask: (name, n) => {
      const client_id = name ?? `bench-${10_000 + n}`;
      return post(`${base}/v1/listnr-token-provider/issue-token`, {
        headers: { authorization: basic(client_id, 'wrong'), 'content-type': 'application/json' },
        body: JSON.stringify({ client_id, subject: 'somebody' }),
      });
    },
  };
}

async function post(url: string, init: RequestInit): Promise<Answer> {
  const answer = await fetch(url, { method: 'POST', ...init });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}
