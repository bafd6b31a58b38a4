import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { explain } from '../../src/refusals/explain/explanation.ts';
import type { ReasonText } from '../../src/refusals/reason-text.ts';
import { REASONS } from '../../src/refusals/reasons.ts';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));
const LISTS = 'refusals/reasons/';
const sources = globSync('**/*.ts', { cwd: SRC }).map((path) => ({
  path,
  text: readFileSync(SRC + path, 'utf8'),
}));
const code = sources
  .filter(({ path }) => !path.startsWith(LISTS))
  .map(({ text }) => text)
  .join('\n');

const all: [string, ReasonText][] = Object.entries(REASONS);
const sentencesOf = ({ sentence, remedy }: ReasonText) =>
  [sentence, remedy].flatMap((text) => text.split(/(?<=[.!?]) /));

/** The folders whose errors all have a reason: everything else that programs ask is an OAuthError, which has to have one. */
const PROGRAMS = /^(?:endpoints|http\/(?:input|rate-limits|connections|direct)|http\/[a-z-]+\.ts)/;

/** These leave it open, or repeat what the request itself says: which client a token that it brings is for. */
const HARMLESS = ['request_uri.not_valid', 'logout.hint_of_another_client'];

describe('the list of reasons', () => {
  it('has each name once', () => {
    const names = sources
      .filter(({ path }) => path.startsWith(LISTS))
      .flatMap(({ text }) => [...text.matchAll(/^ {2}'([a-z0-9_.-]+)': \{/gm)].map(([, name]) => name));
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
    expect(names.toSorted()).toEqual(Object.keys(REASONS).toSorted());
  });

  it('has names of a subject, a dot, and the mistake', () => {
    expect(all.map(([name]) => name).filter((name) => !/^[a-z_]+\.[a-z0-9_]+$/.test(name))).toEqual([]);
  });

  it('has none that no refusal gives and no client reads', () => {
    const read = new Set(all.map(([, { clientReads }]) => clientReads));
    expect(
      all.map(([name]) => name).filter((name) => !code.includes(`'${name}'`) && !read.has(name)),
    ).toEqual([]);
  });

  it('has every name that a folder gives which does not know the list', () => {
    const given = sources
      .filter(({ path }) => path.startsWith('platform/'))
      .flatMap(({ text }) => [...text.matchAll(/reason: '([a-z_]+\.[a-z_]+)'/g)].map(([, name]) => name));
    expect(given.length).toBeGreaterThan(1);
    expect(given.filter((name) => !(String(name) in REASONS))).toEqual([]);
  });

  it('is given by every error of the folders that answer programs', () => {
    const without = sources.filter(
      ({ path, text }) => PROGRAMS.test(path) && text.includes('new HttpError('),
    );
    expect(without.map(({ path }) => path)).toEqual([]);
  });
});

describe('a reason', () => {
  it('has a sentence, and a remedy that says something else', () => {
    const wrong = all.filter(
      ([, { sentence, remedy }]) =>
        !/^[A-Z].*\.$/.test(sentence) || !/^[A-Za-z].*[.~]$/.test(remedy) || remedy === sentence,
    );
    expect(wrong.map(([name]) => name)).toEqual([]);
  });

  it('is plain English: short sentences, which name the actor first', () => {
    const long = all.flatMap(([name, text]) =>
      sentencesOf(text)
        .filter(
          (sentence) => sentence.split(' ').length > 35 || /^(?:of|what|whoever|please)\b/i.test(sentence),
        )
        .map((sentence) => `${name}: ${sentence}`),
    );
    expect(long).toEqual([]);
  });

  it('is told to its client as another one where it tells of others, and that one tells nothing more', () => {
    const texts: Record<string, ReasonText> = REASONS;
    const hidden = all.filter(([, { clientReads }]) => clientReads !== undefined);
    expect(hidden.length).toBeGreaterThan(3);
    expect(
      hidden.filter(([, { clientReads = '' }]) => !texts[clientReads] || texts[clientReads].clientReads),
    ).toEqual([]);
    const row = {
      ...{ request_id: 'r', at: new Date(), endpoint: '/auth/token', status: 400, error: 'invalid_grant' },
      ...{ came: { client_id: 'their-client' }, expected: { client_id: 'their-client' } },
    };
    for (const [reason, { clientReads = '' }] of hidden) {
      const told = explain({ ...row, reason }, { reader: 'client' });
      expect(told).toEqual({
        ...explain({ ...row, reason: clientReads }, { reader: 'client' }),
        ...{ came: {}, expected: {}, nearest: {} },
      });
      expect(JSON.stringify(told)).not.toContain('their-client');
      expect(explain({ ...row, reason }, { reader: 'operator' }).reason).toBe(reason);
    }
  });

  it('does not tell a client of another one, unless an operator alone reads it', () => {
    const telling = all.filter(
      ([, { sentence, clientReads }]) => clientReads === undefined && /another client/.test(sentence),
    );
    expect(telling.map(([name]) => name)).toEqual(HARMLESS);
  });
});
