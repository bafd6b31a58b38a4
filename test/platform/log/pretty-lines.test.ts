import { Writable } from 'node:stream';
import { createLogger } from '../../../src/platform/log/logger.ts';
import { prettyLine } from '../../../src/platform/log/pretty-lines.ts';

/** A stream that takes no colours, so that the text is plain. */
const PLAIN = new Writable();
const line = (fields: object) => prettyLine(`${JSON.stringify(fields)}\n`, PLAIN);

describe('on a terminal, a line of the log', () => {
  it('has the time, the level, the message and the fields', () => {
    expect(
      line({
        level: 'info',
        time: '2026-11-27T02:44:17.123Z',
        method: 'GET',
        status: 200,
        detail: 'two words',
        msg: 'request',
      }),
    ).toBe('02:44:17.123 INFO  request method=GET status=200 detail="two words"');
  });

  it('has an error with its stack below', () => {
    const err = { type: 'Error', message: 'a fault', stack: 'Error: a fault\n    at x.ts:1:1' };
    expect(line({ level: 'error', time: '2026-11-27T02:44:17.123Z', err, msg: 'unexpected error' })).toBe(
      '02:44:17.123 ERROR unexpected error \n    Error: a fault \n        at x.ts:1:1',
    );
  });

  it('moves no cursor and changes no colour for a stranger', () => {
    expect(line({ level: 'warn', detail: '\u001b[2Jgone', msg: '\u001b[31mred' })).toBe(
      'WARN  ?[31mred detail="\\u001b[2Jgone"',
    );
  });

  it('that is no JSON stays as it is', () => {
    expect(prettyLine('something else\n', PLAIN)).toBe('      something else');
  });
});

describe('the logger', () => {
  const written = (isTTY: boolean) => {
    let text = '';
    const destination = Object.assign(
      new Writable({
        write(chunk, _encoding, done) {
          text += chunk;
          done();
        },
      }),
      { isTTY },
    );
    createLogger({ level: 'info', destination }).info({ port: 1 }, 'hello');
    return text;
  };

  it('writes JSON into a pipe or a file, and for people on a terminal', () => {
    expect(JSON.parse(written(false))).toEqual({
      level: 'info',
      time: expect.any(String),
      port: 1,
      msg: 'hello',
    });
    // Colours depend on the environment.
    expect(written(true)).toMatch(/^\S*\d\d:\d\d:\d\d\.\d{3}\S* \S*INFO {1,2}\S* hello \S*port=1\S*\n$/);
  });
});
