import { isThere, proofsIn } from '../support/documents/proofs.ts';
import { rowsOf } from '../support/documents/rows.ts';

const PAGE = 'docs/standards.md';
const standards = rowsOf(PAGE, '| standard |').map(([standard = '', state = '', how = '', proof = '']) => ({
  standard,
  state,
  how,
  proofs: proofsIn(PAGE, proof),
}));
const leftOut = rowsOf(PAGE, '| not there |').map(([what = '', why = '', proof = '']) => ({
  what,
  why,
  proofs: proofsIn(PAGE, proof),
}));

describe('docs/standards.md', () => {
  it('says of each standard how far it goes, how a client asks for it, and which test proves it', () => {
    expect(standards.length).toBeGreaterThan(20);
    expect(standards.filter(({ state }) => !['whole', 'part'].includes(state))).toEqual([]);
    expect(standards.filter(({ how, proofs }) => how === '' || proofs.length === 0)).toEqual([]);
  });

  it('says why something is left out', () => {
    expect(leftOut.length).toBeGreaterThan(8);
    expect(leftOut.filter(({ why }) => why === '')).toEqual([]);
  });

  it('names tests that there are', () => {
    const proofs = [...standards, ...leftOut].flatMap((row) => row.proofs);
    expect(proofs.filter((proof) => !isThere(proof))).toEqual([]);
  });

  it('would notice the name of a test that is not there', () => {
    const file = 'test/documents/standards.test.ts';
    const name = 'names tests that there are';
    expect(isThere({ file, name })).toBe(true);
    expect(isThere({ file, name: name.slice(0, -4) })).toBe(false);
    expect(isThere({ file: 'test/documents/nowhere.test.ts', name })).toBe(false);
  });
});
