import type { SeedRun, StatementRun } from '../../platform/seeds/run/seed-run.ts';

type Gone = Readonly<Record<string, number>>;

/** The words for rows that hang on a deleted one, for one row and for more, in the order in which they are told. */
const WORDS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  instances: ['instance', 'instances'],
  people: ['person', 'people'],
  clients: ['client', 'clients'],
  listnr_clients: ['client of LiSTNR', 'clients of LiSTNR'],
  sessions: ['sign-in', 'sign-ins'],
  consents: ['consent', 'consents'],
  grants: ['authorization', 'authorizations'],
  passkeys: ['passkey', 'passkeys'],
  totp_factors: ['authenticator app', 'authenticator apps'],
  recovery_codes: ['recovery code', 'recovery codes'],
  client_secrets: ['secret', 'secrets'],
  listnr_client_secrets: ['secret of LiSTNR', 'secrets of LiSTNR'],
  listnr_accepted_issuers: ['accepted issuer', 'accepted issuers'],
  upstream_providers: ['provider', 'providers'],
  upstream_identities: ['identity at a provider', 'identities at a provider'],
  worker_ids: ['worker id', 'worker ids'],
  user_records: ['user record', 'user records'],
};

/** The rows that went because others did, or because others changed. */
export function alsoGone({ gone, changes }: StatementRun): Gone {
  const direct = (table: string) =>
    changes.filter((change) => change.table === table && change.direct && change.operation === 'delete')
      .length;
  return Object.fromEntries(
    Object.entries(gone)
      .map(([table, number]): [string, number] => [table, number - direct(table)])
      .filter(([, number]) => number > 0),
  );
}

/** Those on which others hang: what goes with the rows that statements delete themselves. */
export function goneWithDeleted({ files }: SeedRun): Gone {
  const sum: Record<string, number> = {};
  for (const statement of files.flatMap(({ statements }) => statements.filter(isDeletion)))
    for (const [table, number] of Object.entries(alsoGone(statement)))
      sum[table] = (sum[table] ?? 0) + number;
  return sum;
}

export function isDeletion({ changes }: StatementRun): boolean {
  return changes.some(({ direct, operation }) => direct && operation === 'delete');
}

/** `212 people, 38 clients, 1,204 sign-ins`; an empty text when nothing is told of. */
export function inWords(gone: Gone): string {
  return Object.entries(WORDS)
    .flatMap(([table, [one, many]]) => {
      const number = gone[table] ?? 0;
      return number === 0 ? [] : [`${number.toLocaleString('en-US')} ${number === 1 ? one : many}`];
    })
    .join(', ');
}
