/**
 * `node bench/profile.ts DIR`: shows which functions of the server's processes used the time, without the functions
 * they called. It reads the profiles of `npm run bench -- --profile DIR`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal } from '../scripts/refusal.ts';
import { runProgram } from './program.ts';
import { markdownTable } from './report/table.ts';

const LINES = 25;
const WAITING = new Set(['(idle)', '(root)']);

interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
}

await runProgram(async () => {
  const [folder] = process.argv.slice(2);
  const files = folder ? readdirSync(folder).filter((name) => name.endsWith('.cpuprofile')) : [];
  if (!folder || files.length === 0) throw new Refusal('Name a folder that holds profiles (*.cpuprofile).');
  const times = new Map<string, number>();
  for (const file of files) addSelfTimes(JSON.parse(readFileSync(join(folder, file), 'utf8')), times);
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  const most = [...times].sort(([, a], [, b]) => b - a).slice(0, LINES);
  const rows = most.map(([name, time]) => [name, `${((time / total) * 100).toFixed(1)} %`]);
  process.stdout.write(`${markdownTable(['function', 'of the time at work'], rows)}\n`);
});

function addSelfTimes({ nodes, samples, timeDeltas }: Profile, times: Map<string, number>): void {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  for (const [n, id] of samples.entries()) {
    const name = names.get(id) ?? '';
    if (!WAITING.has(name)) times.set(name, (times.get(name) ?? 0) + (timeDeltas[n] ?? 0));
  }
}

function nameOf({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string {
  const file = url.replace(/^.*\/(?:node_modules|src)\//, '').replace(/^file:\/\//, '');
  return `${functionName || '(anonymous)'}${file ? ` ${file}:${lineNumber + 1}` : ''}`;
}
