import { createInterface } from 'node:readline/promises';

/** Asks on a terminal. Only `yes` is a yes: Ctrl-C, Ctrl-D and the end of the input are none. */
export async function askOnTerminal(
  question: string,
  { input, output }: { input: NodeJS.ReadableStream; output: NodeJS.WritableStream },
): Promise<boolean> {
  const terminal = createInterface({ input, output, terminal: true });
  const left = new AbortController();
  terminal.once('close', () => left.abort());
  try {
    const answer = await terminal.question(`${question} Type yes to go on: `, { signal: left.signal });
    return answer.trim().toLowerCase() === 'yes';
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error;
    output.write('\n');
    return false;
  } finally {
    terminal.close();
  }
}
