import { PassThrough } from 'node:stream';
import { askOnTerminal } from '../../../src/commands/plan/ask-on-terminal.ts';

describe('a question on a terminal', () => {
  it.each([
    ['yes', 'yes\r', true],
    ['YES, with spaces', ' YES \r', true],
    ['y', 'y\r', false],
    ['nothing', '\r', false],
    ['Ctrl-C', '\x03', false],
    ['Ctrl-D', '\x04', false],
  ])('is answered by %s', async (_, keys, answer) => {
    const input = new PassThrough();
    const output = new PassThrough();
    const answered = askOnTerminal('With that go 5 people.', { input, output });
    input.write(keys);
    expect(await answered).toBe(answer);
    expect(String(output.read())).toContain('With that go 5 people. Type yes to go on: ');
  });

  it('is not answered by a terminal that goes away', async () => {
    const input = new PassThrough();
    const answered = askOnTerminal('Go on?', { input, output: new PassThrough() });
    input.end();
    expect(await answered).toBe(false);
  });
});
