import { DatabaseError } from 'pg';
import { isDatabaseUnavailable } from '../../../src/platform/database-errors.ts';
import {
  ConnectionLost,
  NoConnectionFree,
  ReadOnlyNode,
  SORTS,
  type Sort,
  sortOf,
} from '../../../src/platform/postgres/sqlstates.ts';

/** An error of Postgres, as `pg` passes it on. */
function error(code: string): Error {
  return Object.assign(new DatabaseError('refused', 7, 'error'), { severity: 'ERROR', code });
}

/** One code for each row of the table, and codes without a row. */
const EXPECTED: [code: string, sort: Sort, row: string | undefined][] = [
  ['08006', 'gone', '08'],
  ['57P01', 'gone', '57P01'],
  ['57P02', 'gone', '57P02'],
  ['57P03', 'gone', '57P03'],
  ['57P04', 'gone', '57P04'],
  ['57P05', 'gone', '57P05'],
  ['25006', 'gone', '25006'],
  ['25P03', 'gone', '25P03'],
  ['25P04', 'gone', '25P04'],
  ['28P01', 'gone', '28'],
  ['3D000', 'gone', '3D'],
  ['55000', 'gone', '55000'],
  ['58030', 'gone', '58'],
  ['F0001', 'gone', 'F0'],
  ['40003', 'gone', '40003'],
  ['53300', 'no room', '53'],
  ['40001', 'again', '40001'],
  ['40P01', 'again', '40P01'],
  ['57014', 'slow', '57014'],
  ['55P03', 'slow', '55P03'],
  ['22P02', 'ours', undefined],
  ['23505', 'ours', undefined],
  ['25P02', 'ours', undefined],
  ['40002', 'ours', undefined],
  ['42601', 'ours', undefined],
  ['55006', 'ours', undefined],
  ['P0001', 'ours', undefined],
  ['XX000', 'ours', undefined],
];

describe('the table of SQLSTATEs', () => {
  it.each(EXPECTED)('sorts %s as %s', (code, sort) => {
    expect(sortOf(error(code))).toBe(sort);
    expect(isDatabaseUnavailable(error(code))).toBe(sort !== 'ours');
  });

  it('has a test for each of its rows', () => {
    const rows = EXPECTED.flatMap(([, , row]) => row ?? []);
    expect(Object.keys(SORTS).sort()).toEqual(rows.sort());
  });

  it.each([
    [new ConnectionLost('lost'), 'gone'],
    [new ReadOnlyNode(), 'gone'],
    [new NoConnectionFree('none'), 'slow'],
  ])('sorts %s of ours as %s', (ours, sort) => {
    expect(sortOf(ours)).toBe(sort);
  });

  it('sorts nothing that does not come from the database', () => {
    const others = [
      new Error('x'),
      Object.assign(new Error('x'), { code: 'ECONNREFUSED' }),
      Object.assign(new Error('x'), { code: 'EPERM' }),
      { code: '57P01', severity: 'FATAL' },
      undefined,
    ];
    expect(others.map(sortOf)).toEqual(others.map(() => undefined));
  });
});
