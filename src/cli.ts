import { askOnTerminal } from './commands/plan/ask-on-terminal.ts';
import { runCommand } from './commands/run-command.ts';
import { readCommandConfig, readServerSettings } from './config.ts';
import { openCommandDatabase } from './open-database.ts';
import { systemClock } from './platform/time/clock.ts';

const FAILURE = 1;

/** A reader that goes away early, such as `head`, is no fault: the command does what it was told to. */
let unwritten: string | undefined;
for (const stream of [process.stdout, process.stderr])
  stream.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') unwritten ??= code;
  });

const exitCode = await runCommand(process.argv.slice(2), {
  input: process.stdin,
  print: (line) => void process.stdout.write(`${line}\n`),
  say: (text) => void process.stderr.write(text),
  ask:
    process.stdin.isTTY && process.stderr.isTTY
      ? (question) => askOnTerminal(question, { input: process.stdin, output: process.stderr })
      : undefined,
  onInterrupt,
  clock: systemClock,
  issuer: () => readCommandConfig().issuer(),
  listnr: () => readCommandConfig().listnr(),
  keys: () => readCommandConfig().keys(),
  passwords: () => readCommandConfig().passwords(),
  mail: () => readCommandConfig().mail(),
  server: readServerSettings,
  openDatabase: async (how) => openCommandDatabase({ database: readCommandConfig().database() }, how),
});
// A failed write is told after the present turn.
await new Promise(setImmediate);
if (unwritten) process.stderr.write(`What it printed could not be written (${unwritten}).\n`);
process.exitCode = unwritten ? FAILURE : exitCode;

/** A second Ctrl-C ends the process. */
function onInterrupt(stop: () => void): () => void {
  process.once('SIGINT', stop);
  return () => process.off('SIGINT', stop);
}
