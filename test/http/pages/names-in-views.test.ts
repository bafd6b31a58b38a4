import { globSync, readFileSync } from 'node:fs';

const ROOT = new URL('../../../', import.meta.url).pathname;

/** Texts that customers or people chose, and that a page shows. */
const CHOSEN =
  /<%= (?:it\.name|(?:\w+\.)*(?:clientName|personName|personEmail|instanceName|brand\.name|link\.name)) %>/g;
/** Places for which HTML has no isolation: attributes, and the page's title. */
const PLAIN = /(alt|value)="<%=|<title>/;

function namesIn(view: string): { line: string; isolated: boolean }[] {
  const lines = readFileSync(ROOT + view, 'utf8').split('\n');
  return lines
    .filter((line) => !PLAIN.test(line))
    .flatMap((line) =>
      [...line.matchAll(CHOSEN)].map(({ index, 0: text }) => ({
        line: `${view}: ${line.trim()}`,
        isolated:
          line.slice(0, index).endsWith('<bdi>') && line.slice(index + text.length).startsWith('</bdi>'),
      })),
    );
}

describe('a name in a view', () => {
  const names = globSync('views/**/*.eta', { cwd: ROOT }).flatMap(namesIn);

  it('stands in <bdi>, so that its direction changes nothing around it', () => {
    expect(names.filter(({ isolated }) => !isolated)).toEqual([]);
    expect(names.length).toBeGreaterThan(15);
  });

  it('is one element with the words beside it in a button, which would set them in columns', () => {
    const buttons = globSync('views/**/*.eta', { cwd: ROOT }).flatMap((view) =>
      readFileSync(ROOT + view, 'utf8')
        .split('\n')
        .filter((line) => line.includes('class="button') && line.includes('<bdi>')),
    );
    expect(buttons.filter((line) => !/<span>[^<]+<bdi>.*<\/bdi><\/span>/.test(line))).toEqual([]);
    expect(buttons).toHaveLength(3);
  });
});
