import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { Refusal } from '../../../scripts/refusal.ts';
import { listens } from '../../machines/programs.ts';
import { patienceWith } from '../time/patience.ts';
import type { Person } from './person.ts';
import { TOOL_PATH } from './toolchain.ts';

/** More than any client needs to start, even one that is compiled at its start. */
const PATIENCE_MS = 120_000;

export interface ClientCommand {
  command: readonly [program: string, ...args: string[]];
  /** Its last argument, as JSON: what the client has to know. */
  settings?: Readonly<Record<string, unknown>>;
  cwd?: string;
  env?: Readonly<Record<string, string>>;
}

/**
 * A program around a client library, in any language. It speaks in lines of JSON on standard output. Its other lines,
 * and standard error, are for people:
 *
 * - `{"authorize": "https://…"}` is the address to which it sends a browser. One line on standard input answers: the
 *   address to which the browser was sent from there.
 * - `{"result": {…}}` is what it found out.
 */
export interface ClientProgram {
  /** The next line of JSON with one of these members. @throws with all that the program said, when none comes */
  next(...members: readonly string[]): Promise<Record<string, unknown>>;
  send(line: string): void;
  /** Resolves when something listens at this port of 127.0.0.1: a program with pages of its own. */
  listens(port: number): Promise<void>;
  /** All that it said so far. */
  said(): string;
  stop(): Promise<void>;
}

/** Runs a client that signs people in by the person's browser, and returns its result. */
export async function runClient(command: ClientCommand, person: Person): Promise<Record<string, unknown>> {
  const program = startClient(command);
  try {
    for (;;) {
      const { authorize, result } = await program.next('authorize', 'result');
      if (result !== undefined) return result as Record<string, unknown>;
      program.send(await person.answer(String(authorize)));
    }
  } finally {
    await program.stop();
  }
}

/** Starts a client. It ends with this process, but not the programs that it starts itself. */
export function startClient({ command, settings, cwd, env }: ClientCommand): ClientProgram {
  const [program, ...args] = command;
  const child = spawn(program, [...args, ...(settings ? [JSON.stringify(settings)] : [])], {
    cwd,
    env: { ...process.env, PATH: TOOL_PATH, ...env },
    stdio: 'pipe',
  });
  const endWithUs = () => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  let said = '';
  const unread: Record<string, unknown>[] = [];
  createInterface(child.stdout).on('line', (line) => {
    said += `${line}\n`;
    if (line.startsWith('{')) unread.push(JSON.parse(line));
  });
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  // A program that has ended reads no more. The reason is in all that it said.
  child.stdin.on('error', () => {});
  let end: string | undefined;
  const ended = new Promise<void>((done) => {
    child.once('error', ({ message }) => {
      end = message;
      done();
    });
    child.once('close', (status, signal) => {
      end ??= `it ended with ${signal ?? status}`;
      process.off('exit', endWithUs);
      done();
    });
  });

  /** Asks for an answer until there is one. */
  const wait = async <T>(what: string, ask: () => T | undefined | Promise<T | undefined>): Promise<T> => {
    const patience = patienceWith(() => child.pid, PATIENCE_MS);
    for (;;) {
      // Read before the question, so that the last lines of a program count.
      const isOver = end !== undefined || patience.isOver();
      const answer = await ask();
      if (answer !== undefined) return answer;
      if (isOver) throw new Refusal(`${command.join(' ')}: ${end ?? `no ${what} came`}. It said:\n${said}`);
      await pause(20);
    }
  };

  return {
    next: (...members) =>
      wait(members.join(' or '), () => {
        const at = unread.findIndex((line) => members.some((member) => member in line));
        return at === -1 ? undefined : unread.splice(0, at + 1).at(-1);
      }),
    send: (line) => void child.stdin.write(`${line}\n`),
    async listens(port) {
      await wait(`listener at ${port}`, async () => (await listens(port)) || undefined);
    },
    said: () => said,
    async stop() {
      child.kill();
      await ended;
    },
  };
}
