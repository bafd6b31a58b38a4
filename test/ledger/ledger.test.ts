import { findOmissions, findViolations } from './checks.ts';
import { REPLAY_WINDOW_MS, UNDER_WAY_MS } from './ends.ts';
import { type Entry, type Ledger, OPERATIONS, openLedger } from './ledger.ts';
import { paceOf } from './pace.ts';
import { report } from './report.ts';

/** An entry of the sign-in `ada`: by default answered 200, 10 ms after it was sent. */
function entry(operation: Entry['operation'], startedAt: number, rest: Partial<Entry> = {}): Entry {
  return { operation, grant: 'ada', startedAt, endedAt: startedAt + 10, outcome: 'ok', ...rest };
}

function ledgerOf(entries: Entry[], rest: Partial<Ledger> = {}): Ledger {
  return { ...openLedger(), familiesReadAt: 1_000_000, entries, ...rest };
}

const given = (sequence: number) => ({
  accessToken: `access-${sequence}`,
  refreshToken: `refresh-${sequence}`,
  sequence,
});
const SIGNED_IN = entry('exchange', 0, { presented: 'code', given: given(0) });
const rotation = (presented: number, startedAt: number, rest: Partial<Entry> = {}) =>
  entry('refresh', startedAt, { presented: `refresh-${presented}`, given: given(presented + 1), ...rest });
const refused = (operation: Entry['operation'], startedAt: number, presented: string): Entry =>
  entry(operation, startedAt, { presented, outcome: 'refused', detail: '400 invalid_grant' });
const silent = (operation: Entry['operation'], startedAt: number, presented: string): Entry =>
  entry(operation, startedAt, { presented, outcome: 'silence', detail: 'ECONNRESET' });
const revocation = (startedAt: number, rest: Partial<Entry> = {}): Entry => ({
  operation: 'revocation',
  startedAt,
  endedAt: startedAt + 10,
  outcome: 'ok',
  ends: { grants: ['ada'] },
  ...rest,
});

describe('a ledger in which nothing is wrong', () => {
  it.each<[string, Entry[]]>([
    [
      'a retry that gets the same successor',
      [SIGNED_IN, silent('refresh', 20, 'refresh-0'), rotation(0, 40), rotation(0, 41), rotation(1, 60)],
    ],
    [
      'a use that was under way while the sign-in was revoked, whichever came first',
      [
        SIGNED_IN,
        revocation(20),
        entry('userinfo', 25, { presented: 'access-0' }),
        refused('userinfo', 15, 'access-0'),
      ],
    ],
    [
      'a refusal after a revocation that was never answered',
      [
        SIGNED_IN,
        revocation(20, { outcome: 'silence' }),
        refused('refresh', 40, 'refresh-0'),
        revocation(60),
        refused('refresh', 80, 'refresh-0'),
      ],
    ],
    [
      'an access token revoked alone',
      [
        SIGNED_IN,
        revocation(20, { ends: { token: 'access-0' } }),
        refused('userinfo', 40, 'access-0'),
        rotation(0, 60),
      ],
    ],
    [
      'an exchange whose answer was lost, and whose retry is refused',
      [silent('exchange', 0, 'code'), refused('exchange', 20, 'code')],
    ],
    [
      'a code used at two processes at once, of which the one sent second wins',
      [
        refused('exchange', 0, 'code'),
        entry('exchange', 1, { presented: 'code', given: given(0), misuse: true }),
        refused('refresh', 20, 'refresh-0'),
      ],
    ],
    [
      'an exchange that its client gave up, which then came to its turn second',
      [
        silent('exchange', 0, 'code'),
        entry('exchange', 20, { presented: 'code', given: given(0) }),
        entry('userinfo', 25, { presented: 'access-0' }),
        refused('userinfo', 40, 'access-0'),
        refused('refresh', 60, 'refresh-0'),
      ],
    ],
    [
      'an old refresh token that is refused and ends its sign-in',
      [
        SIGNED_IN,
        rotation(0, 20),
        rotation(1, 40),
        { ...refused('refresh', 60, 'refresh-0'), misuse: true },
        refused('refresh', 80, 'refresh-2'),
      ],
    ],
    [
      'a retry after the replay window',
      [SIGNED_IN, silent('refresh', 20, 'refresh-0'), refused('refresh', REPLAY_WINDOW_MS + 21, 'refresh-0')],
    ],
    [
      'a refresh that was given up and came to its turn when the successor of its retry had been used',
      [
        SIGNED_IN,
        silent('refresh', 20, 'refresh-0'),
        rotation(0, 40),
        rotation(1, 60),
        refused('userinfo', 80, 'access-2'),
        refused('refresh', 100, 'refresh-2'),
      ],
    ],
    [
      'a second tab that is told after the window that its token was used',
      [
        SIGNED_IN,
        rotation(0, 20),
        silent('refresh', 20, 'refresh-0'),
        refused('refresh', REPLAY_WINDOW_MS + 21, 'refresh-0'),
        refused('refresh', REPLAY_WINDOW_MS + 40, 'refresh-1'),
      ],
    ],
    [
      'answers of 503, and a LiSTNR token after the sign-out',
      [
        entry('refresh', 0, { outcome: 'unavailable', presented: 'refresh-0' }),
        revocation(20),
        entry('listnr', 40),
      ],
    ],
  ])('has no violation: %s', (_name, entries) => {
    expect(findViolations(ledgerOf(entries))).toEqual([]);
  });

  it('ends the sign-ins of clients that came back after the replay window: their rows and access tokens are gone', () => {
    const late = ['ada', 'grace', 'joan'].flatMap((grant) =>
      [
        SIGNED_IN,
        silent('refresh', 20, 'refresh-0'),
        refused('refresh', REPLAY_WINDOW_MS + 21, 'refresh-0'),
        refused('userinfo', REPLAY_WINDOW_MS + 40, 'access-0'),
      ].map((one) => ({ ...one, grant, presented: `${one.presented} of ${grant}` })),
    );
    const families = ['ada', 'grace', 'joan'].map((grant) => ({ grant, rows: 0, sequence: undefined }));
    expect(findViolations(ledgerOf(late, { families }))).toEqual([]);
  });

  it('counts for longer what is under way where the machine is slow', () => {
    const entries = [
      silent('exchange', 0, 'code'),
      entry('exchange', 20, { presented: 'code', given: given(0) }),
      entry('userinfo', UNDER_WAY_MS + 21, { presented: 'access-0' }),
      refused('userinfo', UNDER_WAY_MS + 40, 'access-0'),
    ];
    expect(findViolations(ledgerOf(entries, { pace: 2 }))).toEqual([]);
  });

  it('may have no row for what ended, and one for what did not', () => {
    const families = [
      { grant: 'ada', rows: 0, sequence: undefined },
      { grant: 'grace', rows: 1, sequence: 0 },
    ];
    expect(findViolations(ledgerOf([SIGNED_IN, revocation(20)], { families }))).toEqual([]);
  });
});

describe('the checks find', () => {
  it.each<[kind: string, name: string, entries: Entry[]]>([
    [
      'a code spent twice',
      'by the same client',
      [SIGNED_IN, entry('exchange', 20, { presented: 'code', given: given(0) })],
    ],
    [
      'a code spent twice',
      'by whoever stole it',
      [SIGNED_IN, entry('exchange', 0, { presented: 'code', misuse: true })],
    ],
    [
      'two successors of one refresh token',
      'given to two tabs',
      [SIGNED_IN, rotation(0, 20), rotation(0, 21, { given: { ...given(1), refreshToken: 'other' } })],
    ],
    [
      'signed out by an honest retry',
      'inside the window',
      [SIGNED_IN, silent('refresh', 20, 'refresh-0'), refused('refresh', REPLAY_WINDOW_MS + 9, 'refresh-0')],
    ],
    [
      'signed out by an honest retry',
      'after a 503',
      [
        SIGNED_IN,
        entry('refresh', 20, { presented: 'refresh-0', outcome: 'unavailable' }),
        refused('refresh', 40, 'refresh-0'),
      ],
    ],
    [
      'what was answered 200 does not work',
      'a refresh token at its first use',
      [SIGNED_IN, rotation(0, 20), refused('refresh', 40, 'refresh-1')],
    ],
    [
      'what was answered 200 does not work',
      'an access token at userinfo',
      [SIGNED_IN, refused('userinfo', 40, 'access-0')],
    ],
    [
      'what was answered 200 does not work',
      'before anybody asked to revoke it',
      [SIGNED_IN, refused('introspection', 40, 'access-0'), revocation(60)],
    ],
    [
      'what was answered 200 does not work',
      'when only another access token was revoked',
      [
        SIGNED_IN,
        rotation(0, 20),
        revocation(40, { ends: { token: 'access-0' } }),
        refused('userinfo', 60, 'access-1'),
      ],
    ],
    [
      'what was answered 200 does not work',
      'although it worked long after its exchange was sent twice',
      [
        silent('exchange', 0, 'code'),
        entry('exchange', 20, { presented: 'code', given: given(0) }),
        entry('userinfo', UNDER_WAY_MS + 21, { presented: 'access-0' }),
        refused('userinfo', UNDER_WAY_MS + 40, 'access-0'),
      ],
    ],
    [
      'what was answered 200 does not work',
      'the successor that a retry gave, at its first use',
      [SIGNED_IN, silent('refresh', 20, 'refresh-0'), rotation(0, 40), refused('refresh', 60, 'refresh-1')],
    ],
    [
      'what was answered 200 does not work',
      'an access token, although the window of a retry is not over',
      [SIGNED_IN, silent('refresh', 20, 'refresh-0'), rotation(0, 40), refused('userinfo', 60, 'access-1')],
    ],
    [
      'what was answered 200 does not work',
      'although its successor was used long after a refresh was given up',
      [
        SIGNED_IN,
        silent('refresh', 20, 'refresh-0'),
        rotation(0, 40),
        rotation(1, UNDER_WAY_MS + 40),
        refused('userinfo', UNDER_WAY_MS + 60, 'access-2'),
      ],
    ],
    [
      'what was revoked still works',
      'after a retry that came too late ended it',
      [
        SIGNED_IN,
        silent('refresh', 20, 'refresh-0'),
        refused('refresh', REPLAY_WINDOW_MS + 21, 'refresh-0'),
        entry('userinfo', REPLAY_WINDOW_MS + 40, { presented: 'access-0' }),
      ],
    ],
    [
      'what was revoked still works',
      'an access token of a revoked sign-in',
      [SIGNED_IN, revocation(20), entry('userinfo', 40, { presented: 'access-0' })],
    ],
    [
      'what was revoked still works',
      'a refresh token after signing out',
      [SIGNED_IN, revocation(20, { operation: 'sign-out' }), rotation(0, 40)],
    ],
    [
      'what was revoked still works',
      'an access token revoked alone',
      [
        SIGNED_IN,
        revocation(20, { ends: { token: 'access-0' } }),
        entry('introspection', 40, { presented: 'access-0' }),
      ],
    ],
    [
      'what was revoked still works',
      'a token of a code that was used twice',
      [
        SIGNED_IN,
        { ...refused('exchange', 20, 'code'), misuse: true },
        entry('userinfo', 40, { presented: 'access-0' }),
      ],
    ],
    [
      'what was revoked still works',
      'a token that was dead already for its own retry',
      [
        silent('exchange', 0, 'code'),
        entry('exchange', 20, { presented: 'code', given: given(0) }),
        refused('userinfo', 40, 'access-0'),
        rotation(0, 60),
      ],
    ],
    [
      'what was revoked still works',
      'a token after the reuse of an old one',
      [
        SIGNED_IN,
        rotation(0, 20),
        rotation(1, 40),
        { ...refused('refresh', 60, 'refresh-0'), misuse: true },
        rotation(2, 80),
      ],
    ],
    [
      'a second live refresh token',
      'an old one that introspection calls active',
      [SIGNED_IN, entry('introspection', 40, { presented: 'refresh-0', misuse: true })],
    ],
    [
      'a second live refresh token',
      'an old one that refreshes',
      [
        SIGNED_IN,
        rotation(0, 20),
        rotation(1, 40),
        entry('refresh', 60, { presented: 'refresh-0', misuse: true }),
      ],
    ],
    ['refused without a reason', 'a code at its first use', [refused('exchange', 0, 'code')]],
    ['refused without a reason', 'a LiSTNR token', [entry('listnr', 0, { outcome: 'refused' })]],
    [
      'refused without a reason',
      'an authorization request',
      [entry('authorization', 0, { outcome: 'refused' })],
    ],
    ['refused without a reason', 'a revocation', [revocation(0, { outcome: 'refused' })]],
    ['a server error that is not a 503', 'anywhere', [entry('listnr', 0, { outcome: 'error' })]],
  ])('%s: %s', (kind, _name, entries) => {
    expect(findViolations(ledgerOf(entries)).map((violation) => violation.kind)).toEqual([kind]);
  });

  it('a row for nobody beyond those of exchanges that were given up', () => {
    const gaveUp = { operation: 'exchange', startedAt: 0, endedAt: 25_000, lastOutcome: '503' } as const;
    const kinds = (orphans: number) =>
      findViolations(ledgerOf([], { orphans, abandoned: [gaveUp] })).map(({ kind }) => kind);
    expect(kinds(1)).toEqual(['a retry that never succeeded']);
    expect(kinds(2)).toEqual(['not one row a family', 'a retry that never succeeded']);
  });

  it.each<[kind: string, name: string, rest: Partial<Ledger>]>([
    ['not one row a family', 'two rows', { families: [{ grant: 'ada', rows: 2, sequence: 1 }] }],
    ['not one row a family', 'no row', { families: [{ grant: 'ada', rows: 0, sequence: undefined }] }],
    ['not one row a family', 'a row for nobody', { orphans: 1 }],
    [
      'an acknowledged commit was lost',
      'a row behind what was answered',
      { families: [{ grant: 'ada', rows: 1, sequence: 0 }] },
    ],
    [
      'an acknowledged commit was lost',
      'a token that a server found ahead of its row',
      { audits: { 'refresh_token.ahead': 1 } },
    ],
    [
      'a retry that never succeeded',
      'for as long as a client should try',
      {
        abandoned: [
          { operation: 'refresh', grant: 'ada', startedAt: 0, endedAt: 25_000, lastOutcome: '503' },
        ],
      },
    ],
  ])('%s: %s', (kind, _name, rest) => {
    const ledger = ledgerOf([SIGNED_IN, rotation(0, 20)], rest);
    expect(findViolations(ledger).map((violation) => violation.kind)).toEqual([kind]);
  });

  it('a row that a revoked sign-in left behind', () => {
    const families = [{ grant: 'ada', rows: 1, sequence: 0 }];
    expect(findViolations(ledgerOf([SIGNED_IN, revocation(20)], { families }))).toEqual([
      { kind: 'not one row a family', example: 'ada has 1 rows, not 0' },
    ]);
  });
});

describe('a run that shows nothing', () => {
  it('says what was never tried, or never answered 200', () => {
    const everything = OPERATIONS.map((operation) => entry(operation, 0));
    const misused = [entry('exchange', 20, { misuse: true }), entry('refresh', 20, { misuse: true })];
    const rest = {
      instants: [
        { operation: 'refresh' as const, outcome: 'ok' as const },
        { operation: 'exchange' as const, outcome: 'refused' as const },
      ],
      faults: [{ kind: 'SIGKILL', startedAt: 0, endedAt: 10 }],
    };
    expect(findOmissions(ledgerOf([...everything, ...misused], rest))).toEqual([]);
    expect(findOmissions(ledgerOf([refused('userinfo', 0, 'access-0'), ...misused.slice(0, 1)]))).toEqual([
      ...OPERATIONS.filter((operation) => operation !== 'exchange'),
      'an old refresh token',
      'a kill during a refresh',
      'a kill during an exchange',
      'a fault under load',
    ]);
  });
});

describe('the report', () => {
  it('shows violations with examples, and sign-ins lost per thousand in flight', () => {
    const fault = { kind: 'SIGKILL', startedAt: 100, endedAt: 2000 };
    const signIns = [
      { startedAt: 50, endedAt: 150, lost: true },
      { startedAt: 90, endedAt: 101, lost: false },
      { startedAt: 10, endedAt: 20, lost: false },
    ];
    const ledger = ledgerOf([SIGNED_IN, refused('userinfo', 40, 'access-0')], { signIns, faults: [fault] });
    const text = report(ledger, findViolations(ledger));
    expect(text.split('\n')).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^what was answered 200 does not work +1$/),
        '  userinfo ada access-0 40–50 ms refused 400 invalid_grant',
        'Sign-ins: 3, in flight at a fault: 2, lost: 1 (0 after they were answered); lost per thousand in flight: 500.0.',
      ]),
    );
  });
});

describe('the pace of a machine', () => {
  it('is how many times longer than two seconds the slowest answer took, as a whole number from one', () => {
    expect(paceOf([])).toBe(1);
    expect(paceOf([entry('exchange', 0, { endedAt: 900 })])).toBe(1);
    expect(paceOf([entry('exchange', 0), entry('authorization', 10, { endedAt: 13_011 })])).toBe(7);
  });
});
