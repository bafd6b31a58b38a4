import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('.', import.meta.url));
const files = globSync('**/*.ts', { cwd: ROOT }).map((path) => ({
  path,
  source: readFileSync(ROOT + path, 'utf8'),
}));

describe('the tests', () => {
  it('stand in files that run alone, and none in a function of another file', () => {
    const others = files.filter(({ path }) => !path.endsWith('.test.ts'));
    const hidden = others.filter(({ source }) => /^\s*(describe|it|test)(\.each)?(\(|<)/m.test(source));
    expect(hidden.map(({ path }) => path)).toEqual([]);
  });

  it('name what they compare, so that a failure says which member differs', () => {
    const tuple = /expect\(\[[^;]*?\]\)\s*\.to(Strict)?Equal\(\[/;
    expect(files.filter(({ source }) => tuple.test(source)).map(({ path }) => path)).toEqual([]);
  });
});
