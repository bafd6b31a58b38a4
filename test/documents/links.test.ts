import { existsSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { anchorsOf, DOCUMENTS, documentLines } from '../support/documents/document-lines.ts';

const ROOT = new URL('../../', import.meta.url);

const links = DOCUMENTS.flatMap((document) => {
  const text = documentLines(document)
    .filter(({ isCode }) => !isCode)
    .map((line) => line.text)
    .join('\n');
  return [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)].map(([, file = '', anchor]) => ({
    document,
    // A link without a file leads to its own document.
    target: file === '' ? document : posix.join(posix.dirname(document), file),
    anchor,
  }));
});

describe('the links of the documents', () => {
  it('lead to files that exist', () => {
    expect(links.length).toBeGreaterThan(50);
    expect(links.filter(({ target }) => !existsSync(new URL(target, ROOT)))).toEqual([]);
  });

  it('show pictures that exist and load quickly', () => {
    const pictures = DOCUMENTS.flatMap((document) =>
      documentLines(document).flatMap(({ text }) =>
        [...text.matchAll(/ (?:src|srcset)="(?!https?:)([^"]+)"/g)].map(([, file = '']) =>
          posix.join(posix.dirname(document), file),
        ),
      ),
    );
    expect(pictures).toEqual(['docs/pictures/demo-dark.png', 'docs/pictures/demo-light.png']);
    const sizes = pictures.map((file) => statSync(new URL(file, ROOT)).size);
    expect(sizes.filter((bytes) => bytes > 150_000)).toEqual([]);
  });

  it('lead to headings that exist', () => {
    const anchored = links.filter(({ anchor }) => anchor !== undefined);
    expect(anchored.length).toBeGreaterThan(20);
    expect(anchored.filter(({ target, anchor = '' }) => !anchorsOf(target).includes(anchor))).toEqual([]);
  });

  it.each(['docs/integrating.md', 'docs/operating.md', 'docs/registering-clients.md'])(
    'begin %s with a list of its headings',
    (document) => {
      const lines = documentLines(document);
      const listed = lines.map(({ text }) => /^- \[.*\]\(#([^)]+)\)$/.exec(text)?.[1]);
      expect(listed.filter((anchor) => anchor !== undefined)).toEqual(
        lines.filter(({ level }) => level === 2).map(({ anchor }) => anchor),
      );
    },
  );

  it('reach each document from the README', () => {
    const reached = new Set(['README.md']);
    for (const document of reached) {
      for (const link of links) if (link.document === document) reached.add(link.target);
    }
    expect(DOCUMENTS.filter((document) => !reached.has(document))).toEqual([]);
  });
});
