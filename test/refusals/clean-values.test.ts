import { clean, cleanValues } from '../../src/refusals/record/clean-values.ts';
import { createRefusalRowsStore } from '../../src/refusals/record/refusal-rows-store.ts';
import { shown, shownAddress } from '../../src/refusals/shown.ts';
import { openTestDatabase } from '../support/databases/test-database.ts';

const came = (value: string, expected = {}) => cleanValues({ came: { redirect_uri: value }, expected }).came;

describe('what came with a refused request', () => {
  it.each([
    ['a secret in the wrong place', 'n0tAWord4nyMoreButARandomSecretOfMany', 'n0tAWord...'],
    ['an e-mail address', 'https://ada@acme.example/callback', '?@?'],
    ['what a terminal obeys', 'https://app.example/\u001b]0;title\u0007', 'https://app.example/?]0;title?'],
    ['what turns the direction of text', 'https://app.example/\u202eabc', 'https://app.example/?abc'],
    ['half a character and a zero', '\ud800 \u0000', '? ?'],
  ])('is kept without %s', (_what, value, kept) => {
    expect(came(value)).toEqual({ redirect_uri: kept });
  });

  it('is kept whole where it is registered', () => {
    const value = 'https://app.example/cb/550e8400-e29b-41d4-a716-446655440000';
    expect(came(value)).toEqual({ redirect_uri: 'https://app.example/cb/550e8400...' });
    expect(came(value, { redirect_uri: [value] })).toEqual({ redirect_uri: value });
    // A letter too many.
    expect(came(`${value}x`, { redirect_uri: [value] })).toEqual({ redirect_uri: `${value}x` });
  });

  it.each([
    ['client_secret', 'client_assertion', 'code', 'code_verifier', 'refresh_token', 'access_token'],
    ['token', 'request', 'id_token_hint', 'login_hint', 'device_code', 'user_code', 'password', 'Cookie'],
  ])('never has the value of %s', (...names) => {
    const values = Object.fromEntries(names.map((name) => [name, 'short']));
    expect(cleanValues({ came: values, expected: values })).toEqual({ came: {}, expected: {} });
  });

  it('has addresses without a password', () => {
    expect(shownAddress('https://ada:pass;word@app.example/callback?code=x')).toBe(
      'https://…@app.example/callback?code=…',
    );
  });

  it('has a bounded size', () => {
    const many = Object.fromEntries(
      Array.from({ length: 50 }, (_, n) => [
        `name ${n} ${'x'.repeat(100)}`,
        Array(50).fill('y'.repeat(1000)),
      ]),
    );
    const kept = cleanValues({ came: many }).came;
    expect(Object.keys(kept).length).toBeLessThanOrEqual(12);
    expect(JSON.stringify(kept).length).toBeLessThan(5000);
  });

  it('has names of whole characters', () => {
    const name = `${'x'.repeat(39)}\u{1f600}`;
    expect(Object.keys(cleanValues({ came: { [name]: 'y' } }).came)).toEqual([`${'x'.repeat(39)}?`]);
  });

  it.each(['?', '#', '&', '@', '/'])('takes no time, however many %s came', (character) => {
    const text = character.repeat(60_000);
    const began = performance.now();
    cleanValues({ came: { redirect_uri: shownAddress(text), scope: shown(text) } });
    expect(performance.now() - began).toBeLessThan(500);
  });

  it('can be stored, whatever it is', async () => {
    const database = await openTestDatabase();
    const odd = '\u0000\ud800\udfff"\\\u2028';
    const lanes = await createRefusalRowsStore(database.knex).add([
      {
        ...clean({
          requestId: odd,
          service: 'listo',
          endpoint: odd,
          status: 400,
          clientId: odd,
          claim: undefined,
          clientIs: 'claimed',
          instanceId: odd,
          error: odd,
          why: { reason: odd, came: { [odd]: [odd] }, expected: { [odd]: odd } },
        }),
        ageMs: 0,
      },
    ]);
    expect(lanes).toEqual(['listo ?']);
    await database.close();
  });
});
