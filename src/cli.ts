import { runCommand } from './commands/run-command.ts';
import { type Config, readConfig } from './config.ts';
import { openCommandDatabase } from './open-database.ts';
import { systemClock } from './platform/time/clock.ts';

let config: Config | undefined;

function configuration(): Config {
  config ??= readConfig();
  return config;
}

process.exitCode = await runCommand(process.argv.slice(2), {
  input: process.stdin,
  print: (line) => process.stdout.write(`${line}\n`),
  say: (text) => process.stderr.write(text),
  clock: systemClock,
  settings() {
    const { issuer, secrets, keyRotation, rsaBits } = configuration();
    const { keyEncryptionKeys, keyEncryptionKeyGiven } = secrets;
    return { issuer, keyEncryptionKeys, keyEncryptionKeyGiven, keyRotation, rsaBits };
  },
  openDatabase: () => openCommandDatabase(configuration()),
});
