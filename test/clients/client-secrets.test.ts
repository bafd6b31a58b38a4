import { createClientSecrets } from '../../src/clients/secrets/client-secrets.ts';
import { currentShare, type Share, withinShare } from '../../src/platform/postgres/share.ts';
import { digestSecret, hashPassword } from '../../src/platform/secrets/digest.ts';
import { createHashQueue } from '../../src/platform/secrets/hash-queue.ts';

const SECRET = 'a-secret-not-for-production-0000000000001';
const RIGHT = { right: true };
const WRONG = { right: false, because: undefined };
const secrets = [{ name: 'default', digest: digestSecret(SECRET), expiresAt: null }];

/** A store whose notes end when the test decides. */
function heldNotes() {
  const begun: string[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const errors: unknown[] = [];
  const verifier = createClientSecrets({
    store: {
      list: () => secrets,
      slowDigests: () => [],
      touch: (clientId, name) => {
        begun.push(`${clientId} ${name}`);
        return new Promise((done, failed) => ends.push((error) => (error ? failed(error) : done())));
      },
    },
    clock: { now: () => new Date() },
    hashes: createHashQueue({ atOnce: 1 }),
    onError: (error) => errors.push(error),
  });
  const settled = () => new Promise((tick) => setImmediate(tick));
  const end = async (error?: Error) => {
    ends.shift()?.(error);
    await settled();
  };
  return { verifier, begun, errors, end };
}

describe('the use of a client secret', () => {
  it('is noted once a minute, without making the client wait', async () => {
    const { verifier, begun } = heldNotes();
    expect(await verifier.verify('acme', { secret: SECRET })).toEqual(RIGHT);
    expect(await verifier.verify('acme', { secret: SECRET })).toEqual(RIGHT);
    expect(begun).toEqual(['acme default']);
  });

  it('is not noted of a wrong secret', async () => {
    const { verifier, begun } = heldNotes();
    expect(await verifier.verify('acme', { secret: 'wrong' })).toEqual(WRONG);
    expect(begun).toEqual([]);
  });

  it('is noted of one client after another, so that many take one connection', async () => {
    const { verifier, begun, end, errors } = heldNotes();
    for (const client of ['one', 'two', 'three'])
      expect(await verifier.verify(client, { secret: SECRET })).toEqual(RIGHT);
    expect(begun).toEqual(['one default']);
    await end();
    expect(begun).toEqual(['one default', 'two default']);
    await end();
    await end();
    expect(begun).toEqual(['one default', 'two default', 'three default']);
    expect(errors).toEqual([]);
  });

  it('is noted in no request’s time, and not in that of the one which began to note', async () => {
    const shares: (Share | undefined)[] = [];
    const verifier = createClientSecrets({
      store: {
        list: () => secrets,
        slowDigests: () => [],
        async touch() {
          shares.push(currentShare());
        },
      },
      clock: { now: () => new Date() },
      hashes: createHashQueue({ atOnce: 1 }),
      onError: (error) => {
        throw error;
      },
    });
    await withinShare('/auth/token', () =>
      Promise.all(['one', 'two'].map((client) => verifier.verify(client, { secret: SECRET }))),
    );
    expect(shares.map((share) => share?.endpoint)).toEqual(['uses of secrets', 'uses of secrets']);
    expect(new Set(shares).size).toBe(2);
  });

  it('is let go when it cannot be noted, with those that wait, and said once', async () => {
    const { verifier, begun, end, errors } = heldNotes();
    for (const client of ['one', 'two', 'three'])
      expect(await verifier.verify(client, { secret: SECRET })).toEqual(RIGHT);
    await end(new Error('the database is away'));
    expect(errors).toEqual([new Error('the database is away')]);
    expect(begun).toEqual(['one default']);
    expect(await verifier.verify('four', { secret: SECRET })).toEqual(RIGHT);
    expect(begun).toEqual(['one default', 'four default']);
  });
});

describe('a secret with a slow digest', () => {
  it('is hashed once, and then known until its digest changes', async () => {
    let turns = 0;
    let stored = [{ name: 'default', digest: `argon2id:${await hashPassword(SECRET)}`, expiresAt: null }];
    const queue = createHashQueue({ atOnce: 1 });
    const { verify } = createClientSecrets({
      store: { list: () => stored, slowDigests: () => [], touch: async () => {} },
      clock: { now: () => new Date() },
      hashes: {
        run(lane, work) {
          turns += 1;
          return queue.run(lane, work);
        },
      },
      onError: (error) => {
        throw error;
      },
    });
    expect(await verify('acme', { secret: SECRET })).toEqual(RIGHT);
    expect(await verify('acme', { secret: SECRET })).toEqual(RIGHT);
    expect(turns).toBe(1);
    expect(await verify('acme', { secret: 'wrong' })).toEqual(WRONG);
    expect(turns).toBe(2);
    stored = [{ name: 'default', digest: `argon2id:${await hashPassword('another')}`, expiresAt: null }];
    expect(await verify('acme', { secret: SECRET })).toEqual(WRONG);
    expect(turns).toBe(3);
  });
});
