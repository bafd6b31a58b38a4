import { createInterface } from 'node:readline';
import { OperatorError } from '../../platform/errors.ts';
import type { CommandContext } from '../command.ts';
import { readSecret } from '../read-secret.ts';

/** Answers from standard input: a secret first, perhaps, and then addresses. */
export interface Answers {
  /** From a terminal, without echo. */
  secret(question: string): Promise<string>;
  line(question: string): Promise<string>;
  close(): void;
}

export function answersFrom({ input, say }: Pick<CommandContext, 'input' | 'say'>): Answers {
  let lines: ReturnType<typeof createInterface> | undefined;
  let iterator: AsyncIterator<string> | undefined;
  const next = async (question: string) => {
    say(`${question}: `);
    lines ??= createInterface({ input, terminal: false });
    iterator ??= lines[Symbol.asyncIterator]();
    const { value, done } = await iterator.next();
    if (done) throw new OperatorError('Standard input ended before the answer came.');
    return String(value).trim();
  };
  return {
    secret: async (question) => {
      if (input.isTTY) return readSecret({ input, say }, question);
      const secret = await next(question);
      say('\n');
      if (secret === '')
        throw new OperatorError('The first line of standard input is empty; it is the secret.');
      return secret;
    },
    line: next,
    close: () => lines?.close(),
  };
}
