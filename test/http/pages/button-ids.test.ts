import { globSync, readFileSync } from 'node:fs';
import { rowsOf } from '../../support/documents/rows.ts';

const ROOT = new URL('../../../', import.meta.url).pathname;
const BUTTON = /<button\b[^\n]*|<a\b[^\n]*class="(?:button|choice)[^\n]*/g;

/** The buttons of all templates, and the links that look like one. A part of an id that varies is a dot of its own. */
const buttons = globSync('views/**/*.eta', { cwd: ROOT })
  .toSorted()
  .flatMap((view) =>
    [...readFileSync(ROOT + view, 'utf8').matchAll(BUTTON)].map(([tag]) => ({
      view,
      tag,
      id: /^<(?:button|a) id="([^"]+)"/.exec(tag)?.[1]?.replaceAll(/<%=.*?%>/g, '…'),
    })),
  );

describe('a button of a page', () => {
  it('has an id, and so has a link that looks like one', () => {
    expect(buttons.filter(({ id }) => id === undefined)).toEqual([]);
    expect(buttons.length).toBeGreaterThan(35);
  });

  it('has an id that docs/conformance.md names with its template, and no other is named there', () => {
    const documented = rowsOf('docs/conformance.md', '| template |').flatMap(([view = '', ids = '']) =>
      [...ids.matchAll(/`([^`]+)`/g)].map(([, id]) => `${view.replaceAll('`', '')} ${id}`),
    );
    const there = buttons.map(({ view, id }) => `${view.replace(/^views\/|\.eta$/g, '')} ${id}`);
    expect(documented.toSorted()).toEqual([...new Set(there)].toSorted());
  });

  it('is submitted by forms with fields that have names and ids', () => {
    const fields = globSync('views/**/*.eta', { cwd: ROOT }).flatMap((view) =>
      [...readFileSync(ROOT + view, 'utf8').matchAll(/<input (?!type="hidden")[^\n]*/g)].map(
        ([tag]) => `${/ id="([^"]*)"/.exec(tag)?.[1]} ${/ name="([^"]*)"/.exec(tag)?.[1]}`,
      ),
    );
    expect([...new Set(fields)].toSorted()).toEqual([
      'again again',
      'code code',
      'email email',
      'name name',
      'password password',
      'user_code user_code',
      'username username',
    ]);
  });
});
