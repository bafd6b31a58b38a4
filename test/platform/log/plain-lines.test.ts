import { Writable } from 'node:stream';
import { createLogger } from '../../../src/platform/log/logger.ts';
import { member, plainLines } from '../../../src/platform/log/plain-lines.ts';

function recorded(level: string) {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { logger: createLogger({ level, destination }), lines };
}

const withoutTime = (line = '') => line.replace(/"time":"\d{4}-[^"]+Z"/, '"time":""');

describe('a plain line', () => {
  it.each([
    { requestId: 'a-b.c', status: 200, ms: 0.25, aborted: true },
    { path: 'a "quoted" \\ name', client: 'Zoë\u2028\u0000' },
    {},
  ])('is the line that the logger itself writes: %j', async (fields) => {
    const { logger, lines } = recorded('info');
    const members = Object.entries(fields).map(([name, value]) => member(name, value));
    plainLines(logger)('info', members.join(''), 'request "x"');
    logger.info(fields, 'request "x"');
    expect(lines).toHaveLength(2);
    expect(withoutTime(lines[0])).toBe(withoutTime(lines[1]));
  });

  it('of a level that is off is not written', () => {
    const { logger, lines } = recorded('info');
    plainLines(logger)('debug', '', 'request');
    expect(lines).toEqual([]);
  });
});
