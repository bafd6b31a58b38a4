import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { OperatorError } from '../platform/errors.ts';
import type { CommandContext, SecretInput } from './command.ts';

/**
 * Reads one secret from standard input: without echo from a terminal, or all of a pipe.
 * @throws OperatorError when there is none, or more than one line.
 */
export async function readSecret(
  { input, say }: Pick<CommandContext, 'input' | 'say'>,
  question: string,
): Promise<string> {
  const secret = input.isTTY ? await ask(input, say, question) : await readAll(input);
  if (secret === '') throw new OperatorError('Standard input is empty; the secret is read from there.');
  if (/[\r\n]/.test(secret))
    throw new OperatorError('Standard input has more than one line; a secret is one line.');
  return secret;
}

function ask(input: SecretInput, say: (text: string) => void, question: string): Promise<string> {
  // Readline would echo the line, so its output discards everything.
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const line = createInterface({ input, output, terminal: true, historySize: 0 });
  say(`${question}: `);
  return new Promise((answered, failed) => {
    line.once('line', answered);
    line.once('SIGINT', () => line.close());
    line.once('close', () => failed(new OperatorError('Interrupted.')));
  }).finally(() => {
    line.close();
    say('\n');
  }) as Promise<string>;
}

async function readAll(input: SecretInput): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of input) chunks.push(Buffer.from(chunk));
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
    return text.replace(/\r?\n$/, '');
  } catch (cause) {
    throw new OperatorError('Standard input is not UTF-8 text.', { cause });
  }
}
