import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findInversions } from '../../scripts/check-comments.ts';

describe('the check of comments', () => {
  it('finds each of the words at the start of a sentence, and says where it is', () => {
    const source = [
      '/** What a client sent. */',
      'export const body = 1; // of the request',
      '// Of a client.',
      '/**',
      ' * Ends a session.',
      ' * Whoever is signed in',
      ' * signs in again. "What else?"',
      ' *',
      ' * Of two, one waits',
      ' * @throws What Postgres said.',
      ' */',
      '// Reads a body.',
      '// Of a request, that is.',
    ].join('\n');
    expect(findInversions('src/body.ts', source)).toEqual([
      'src/body.ts:1: What a client sent.',
      'src/body.ts:2: of the request',
      'src/body.ts:3: Of a client.',
      'src/body.ts:6: Whoever is signed in signs in again.',
      'src/body.ts:7: "What else?"',
      'src/body.ts:9: Of two, one waits',
      'src/body.ts:10: What Postgres said.',
      'src/body.ts:13: Of a request, that is.',
    ]);
  });

  it('lets pass the words inside a sentence, and a sentence that begins with a longer one', () => {
    const source = [
      '/** Reads the body of a request: what it says, whoever sent it. Whatever fails, fails here. */',
      '// The length',
      '// of the body. Often 0.',
    ].join('\n');
    expect(findInversions('src/body.ts', source)).toEqual([]);
  });

  it('takes no string, template or regular expression for a comment', () => {
    const source = [
      "const a = '// Of a string';",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the source has the template.
      'const b = `// Of a template, ${a /* Of an expression */} // of its rest`;',
      'const c = /[/*] What an expression matches/, d = 4 / 2; /* Of a comment */',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the source has the template.
      'type E = `// What a type allows ${string}`;',
      'const é = "/* Whoever */"; // Whoever is here',
    ].join('\n');
    expect(findInversions('src/body.ts', source)).toEqual([
      'src/body.ts:2: Of an expression',
      'src/body.ts:3: Of a comment',
      'src/body.ts:5: Whoever is here',
    ]);
  });

  it('reads the paragraphs, items and cells of a document, not its headings and code', () => {
    const document = [
      '# What there is',
      'A server',
      'of ours. **What it is** is below.',
      '',
      '- What it does',
      '  of an evening',
      '1. Of numbers. `Of` code.',
      '',
      '| what | whoever |',
      '| --- | --- |',
      '| a code | what a code is |',
      '',
      '```sh',
      '# What to run',
      '```',
    ].join('\n');
    expect(findInversions('docs/server.md', document)).toEqual([
      'docs/server.md:3: **What it is** is below.',
      'docs/server.md:5: What it does of an evening',
      'docs/server.md:7: Of numbers.',
      'docs/server.md:11: what a code is',
    ]);
  });

  it('reads the comments of SQL, and those that the migrations leave in the database', () => {
    const sql = "-- Checks a name\n-- of a client.\n  -- Of an instance, too.\nSELECT 'What';\n";
    expect(findInversions('migrations/names.sql', sql)).toEqual([
      'migrations/names.sql:3: Of an instance, too.',
    ]);
    const schema = "table grants  -- What a person allowed.\n  id text default 'of'  -- Of the client.\n";
    expect(findInversions('migrations/schema.txt', schema)).toEqual([
      'migrations/schema.txt:1: What a person allowed.',
      'migrations/schema.txt:2: Of the client.',
    ]);
  });
});

describe('node scripts/check-comments.ts', () => {
  let checkout: string;
  beforeEach(() => {
    checkout = mkdtempSync(join(tmpdir(), 'listo-comments-'));
    mkdirSync(join(checkout, 'src/http'), { recursive: true });
  });
  afterEach(() => rmSync(checkout, { recursive: true }));

  const check = () => {
    const script = new URL('../../scripts/check-comments.ts', import.meta.url).pathname;
    const { status, stderr } = spawnSync(process.execPath, [script], { cwd: checkout, encoding: 'utf8' });
    return { status, stderr };
  };

  it('fails on such a sentence', () => {
    writeFileSync(join(checkout, 'src/http/body.ts'), '/** Of a request. */\nexport const body = 1;\n');
    expect(check()).toEqual({
      status: 1,
      stderr:
        'src/http/body.ts:1: Of a request.\n\nTurn it round: name the actor, then the verb, then the thing.\n',
    });
  });

  it('says nothing where there is none', () => {
    writeFileSync(join(checkout, 'src/http/body.ts'), '/** A request. */\nexport const body = 1;\n');
    expect(check()).toEqual({ status: 0, stderr: '' });
  });
});
