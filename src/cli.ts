import { runCommand } from './commands/run-command.ts';
import { readCommandConfig } from './config.ts';
import { openCommandDatabase } from './open-database.ts';
import { systemClock } from './platform/time/clock.ts';

process.exitCode = await runCommand(process.argv.slice(2), {
  input: process.stdin,
  print: (line) => process.stdout.write(`${line}\n`),
  say: (text) => process.stderr.write(text),
  clock: systemClock,
  issuer: () => readCommandConfig().issuer(),
  keys: () => readCommandConfig().keys(),
  passwords: () => readCommandConfig().passwords(),
  mail: () => readCommandConfig().mail(),
  openDatabase: async (how) => openCommandDatabase({ database: readCommandConfig().database() }, how),
});
