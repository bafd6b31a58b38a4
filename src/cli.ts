import { askOnTerminal } from './commands/plan/ask-on-terminal.ts';
import { runCommand } from './commands/run-command.ts';
import { readCommandConfig, readServerSettings } from './config.ts';
import { openCommandDatabase } from './open-database.ts';
import { systemClock } from './platform/time/clock.ts';

process.exitCode = await runCommand(process.argv.slice(2), {
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

/** A second Ctrl-C ends the process. */
function onInterrupt(stop: () => void): () => void {
  process.once('SIGINT', stop);
  return () => process.off('SIGINT', stop);
}
