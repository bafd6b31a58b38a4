import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';

/** Where the bundle is, if this process runs it. */
const BUNDLE = new URL('../../../dist/', import.meta.url).href;
const FRAME = /(?<file>[\w-]+\.js):(?<line>\d+):(?<column>\d+)/;
/** A map takes 10 MB and 50 ms, so it is kept for the next errors, but not for good. */
const KEPT_MS = 10_000;

const maps = new Map<string, SourceMap | undefined>();

/**
 * A stack of the bundle with the files and lines of the sources. Node's own option for that, --enable-source-maps, takes
 * 4 MB in each process and a sixth of the start, before there is any error.
 */
export function sourceStack(stack: string, bundle = BUNDLE): string {
  if (!stack.includes(bundle)) return stack;
  return stack
    .split('\n')
    .map((line) => (/^\s+at /.test(line) ? sourceFrame(line, bundle) : line))
    .join('\n');
}

function sourceFrame(frame: string, bundle: string): string {
  const at = frame.indexOf(bundle);
  const place = FRAME.exec(frame.slice(at + bundle.length));
  if (at < 0 || place?.index !== 0) return frame;
  const { file = '', line, column } = place.groups ?? {};
  const origin = mapOf(file, bundle)?.findOrigin(Number(line), Number(column));
  if (!origin || !('fileName' in origin)) return frame;
  const { fileName, lineNumber, columnNumber } = origin;
  const source = `${new URL(fileName, bundle).href}:${lineNumber}:${columnNumber}`;
  return frame.replace(`${bundle}${place[0]}`, source);
}

function mapOf(file: string, bundle: string): SourceMap | undefined {
  const url = `${bundle}${file}.map`;
  if (!maps.has(url)) {
    maps.set(url, readMap(url));
    setTimeout(() => maps.delete(url), KEPT_MS).unref();
  }
  return maps.get(url);
}

function readMap(url: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(new URL(url), 'utf8')));
  } catch {
    return undefined;
  }
}
