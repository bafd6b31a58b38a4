import { createInterface } from 'node:readline/promises';
import { runCommand } from './commands/run-command.ts';
import { readCommandConfig, readServerSettings } from './config.ts';
import { openCommandDatabase } from './open-database.ts';
import { systemClock } from './platform/time/clock.ts';

process.exitCode = await runCommand(process.argv.slice(2), {
  input: process.stdin,
  print: (line) => void process.stdout.write(`${line}\n`),
  say: (text) => void process.stderr.write(text),
  ask: process.stdin.isTTY && process.stderr.isTTY ? ask : undefined,
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

/** Only `yes` is a yes. */
async function ask(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(`${question} Type yes to go on: `)).trim().toLowerCase() === 'yes';
  } finally {
    terminal.close();
  }
}

/** A second Ctrl-C ends the process. */
function onInterrupt(stop: () => void): () => void {
  process.once('SIGINT', stop);
  return () => process.off('SIGINT', stop);
}
