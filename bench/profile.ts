/**
 * `node bench/profile.ts DIR`: shows which functions of the server's processes used the time, without the functions
 * they called. It reads the profiles of `npm run bench -- --profile DIR`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join } from 'node:path';
import { Refusal } from '../scripts/refusal.ts';
import { runProgram } from './program.ts';
import { markdownTable } from './report/table.ts';

const LINES = 25;
const WAITING = new Set(['(idle)', '(root)']);

const maps = new Map<string, SourceMap | undefined>();

interface Profile {
  nodes: {
    id: number;
    callFrame: { functionName: string; url: string; lineNumber: number; columnNumber: number };
  }[];
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

function nameOf(frame: Profile['nodes'][number]['callFrame']): string {
  const [url, line] = sourceOf(frame);
  const file = url.replace(/^.*\/(?:node_modules|src)\//, '').replace(/^file:\/\//, '');
  return `${frame.functionName || '(anonymous)'}${file ? ` ${file}:${line}` : ''}`;
}

/** The place in the sources, for a function of the bundle. */
function sourceOf({
  url,
  lineNumber,
  columnNumber,
}: Profile['nodes'][number]['callFrame']): [string, number] {
  if (!maps.has(url)) maps.set(url, mapOf(url));
  const origin = maps.get(url)?.findOrigin(lineNumber + 1, columnNumber + 1);
  return origin && 'fileName' in origin ? [origin.fileName, origin.lineNumber] : [url, lineNumber + 1];
}

function mapOf(url: string): SourceMap | undefined {
  const file = /^file:.*\/dist\/[^/]+\.js$/.test(url) ? new URL(`${url}.map`) : undefined;
  return file && existsSync(file) ? new SourceMap(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
}
