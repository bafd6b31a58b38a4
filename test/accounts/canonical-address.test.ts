import { globSync, readFileSync } from 'node:fs';
import { domainToASCII } from 'node:url';
import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';

const ROOT = new URL('../..', import.meta.url).pathname;

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

async function canonical(addresses: string[]): Promise<string[]> {
  const { rows } = await database.knex.raw<{ rows: { address: string }[] }>(
    'SELECT canonical_address(given) AS address FROM unnest(?::text[]) WITH ORDINALITY AS g (given, place) ORDER BY place',
    [addresses],
  );
  return rows.map(({ address }) => address);
}

describe('the canonical form of an e-mail address', () => {
  it.each([
    [
      'grete@xn--bcher-kva.example',
      'grete@bücher.example',
      'Grete@BÜCHER.Example',
      'grete@XN--BCHER-KVA.example',
    ],
    [
      'grete@xn--bcher-kva.example',
      'grete@bu\u0308cher.example',
      'grete@bücher。example',
      'grete@bü\u00ADcher.example',
    ],
    ['josé@demo.example', 'JOSÉ@demo.example', 'jose\u0301@demo.example', 'JOSE\u0301@DEMO.EXAMPLE'],
    [
      'ada@demo.example',
      ' ada@demo.example\r\n',
      '\u3000ada@demo.example\u00A0',
      'ａｄａ＠ｄｅｍｏ．ｅｘａｍｐｌｅ',
      'ADA＠demo.example',
    ],
    ['info@demo.example', 'INFO@DEMO.EXAMPLE', 'Info@Demo.Example'],
    [
      'i\u0307lker@demo.example',
      'İLKER@demo.example',
      'I\u0307LKER@demo.example',
      'i\u0307lker@demo.example',
    ],
    ['οδοσ@xn--pxavbq.gr', 'ΟΔΟΣ@ΟΔΟΣ.gr', 'οδος@οδοσ.gr'],
    ['straße@xn--strae-oqa.example', 'STRAẞE@STRAẞE.example', 'straße@straße.example'],
    ['ж@xn--e1afmkfd.xn--p1ai', 'Ж@ПРИМЕР.РФ', 'ж@xn--E1AFMKFD.xn--P1AI'],
    ['高橋@xn--wgv71a119e.jp', '高橋@日本語.jp', '高橋@日本語｡jp'],
    ['𐐨@demo.example', '𐐀@demo.example'],
    ['k@demo.example', '\u212A@demo.example'],
  ])('is %s, for all its spellings', async (form, ...spellings) => {
    expect(await canonical([form, ...spellings])).toEqual([form, ...spellings].map(() => form));
  });

  it('keeps apart what mail servers and DNS keep apart', async () => {
    const addresses = [
      ...['ilker@demo.example', 'ılker@demo.example', 'i\u0307lker@demo.example'],
      ...['strasse@demo.example', 'straße@demo.example', 'jose@demo.example', 'josé@demo.example'],
      ...['a.b@demo.example', 'ab@demo.example', 'ab+c@demo.example', 'ab@demo.example.'],
      ...['a@οδος.gr', 'a@οδοσ.gr', 'a@bucher.example', 'a@bücher.example'],
    ];
    expect(new Set(await canonical(addresses)).size).toBe(addresses.length);
  });

  it('of text that is no address is a text', async () => {
    const texts = ['', ' ', 'ada', '@', 'ü', 'Ü@', '@ü', 'a@b@ü.example', 'ü@a..b', 'ü@.'];
    expect(await canonical(texts)).toEqual([
      ...['', '', 'ada', '@', 'ü', 'ü@', '@xn--tda', 'a@b@xn--tda.example', 'ü@a..b', 'ü@.'],
    ]);
  });

  it('of more than 512 characters is the text itself', async () => {
    const long = `Ü${'ü'.repeat(511)}@demo.example`;
    expect(await canonical([long])).toEqual([long]);
  });

  // Otherwise a seed of many people would keep the plan that suits an empty table.
  it('is looked up by its index, also while there are few people', async () => {
    const { rows } = await database.knex.raw<{ rows: Record<string, string>[] }>(
      "EXPLAIN SELECT id FROM people WHERE canonical_address(email) = 'ada@demo.example' AND instance_id = 'demo'",
    );
    expect(JSON.stringify(rows)).toContain('people_canonical_address');
  });

  it('is what the code compares, everywhere', () => {
    const compared = globSync('src/**/*.ts', { cwd: ROOT })
      // The address in a certificate is a name of its client, and of no person.
      .filter((path) => !path.startsWith('src/clients/certificates/'))
      .flatMap((path) => readFileSync(ROOT + path, 'utf8').split('\n'))
      .filter((line) => /\b(email|address|expected)\b.*toLowerCase|lower\(email\)/.test(line));
    // These choose between two people from before.
    expect(compared.map((line) => line.trim())).toEqual([
      ".orderByRaw('lower(email) = lower(?) DESC, created_at, id', [email])",
      'ORDER BY lower(email) = lower(:email) DESC, created_at, id LIMIT 1',
    ]);
  });

  it('of no address is none', async () => {
    const { rows } = await database.knex.raw('SELECT canonical_address(NULL) AS address');
    expect(rows).toEqual([{ address: null }]);
  });

  // Node and Postgres may know different releases of Unicode, so only characters count that mean the same to both.
  it('has the domain that Node makes of it, for every character that UTS 46 maps', async () => {
    const all = Array.from({ length: 0x110000 }, (_, n) => n)
      .filter((n) => n >= 0x80 && (n < 0xd800 || n > 0xdfff))
      .map((n) => String.fromCodePoint(n))
      .filter((letter) => /\p{Changes_When_NFKC_Casefolded}/u.test(letter));
    const { rows } = await database.knex.raw<{ rows: { letter: string }[] }>(
      'SELECT letter FROM unnest(?::text[], ?::text[]) AS l (letter, form) WHERE normalize(letter, NFKC) = form',
      [all, all.map((letter) => letter.normalize('NFKC'))],
    );
    const labels = rows
      .map(({ letter }) => `a${letter}b`)
      .map((label) => ({ label, ascii: domainToASCII(label) }))
      .filter(({ ascii }) => ascii !== '' && !ascii.includes('.'));
    expect(labels.length).toBeGreaterThan(5000);
    const domains = Array.from({ length: Math.ceil(labels.length / 12) }, (_, n) =>
      labels.slice(n * 12, n * 12 + 12),
    );
    const made = await canonical(domains.map((parts) => `x@${parts.map(({ label }) => label).join('.')}`));
    expect(made).toEqual(domains.map((parts) => `x@${parts.map(({ ascii }) => ascii).join('.')}`));
  });

  it('encodes each script and mixture of scripts as Node does', async () => {
    const labels = `
      他们为什么不说中文 他們爲什麽不說中文 Pročprostěnemluvíčesky למההםפשוטלאמדבריםעברית यहलोगहिन्दीक्योंनहींबोलसकतेहैं
      なぜみんな日本語を話してくれないのか почемужеонинеговорятпорусски PorquénopuedensimplementehablarenEspañol
      TạisaohọkhôngthểchỉnóitiếngViệt 3年b組金八先生 安室奈美恵-with-super-monkeys ひとつ屋根の下2 MajiでKoiする5秒前 パフィーdeルンバ
      そのスピードで ليهمابتكلموشعربي a-ü ü-a üü ü1 ñandú øre ijß 𠀀𠀁 ☃`
      .trim()
      .split(/\s+/);
    const domains = labels.map((label) => `${label}.example`);
    expect(await canonical(domains.map((domain) => `x@${domain}`))).toEqual(
      domains.map((domain) => `x@${domainToASCII(domain)}`),
    );
  });
});
