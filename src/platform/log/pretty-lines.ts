import { styleText } from 'node:util';

type Style = 'gray' | 'cyan' | 'yellow' | 'red';

const STYLES: Record<string, Style> = { info: 'cyan', warn: 'yellow', error: 'red', fatal: 'red' };

/** A place for the lines of a logger that writes each for a person, with the fields behind the message. */
export function prettyLines(terminal: NodeJS.WritableStream): { write(line: string): void } {
  return { write: (line) => void terminal.write(`${prettyLine(line, terminal)}\n`) };
}

/** A line of JSON for a person to read. Any other line stays as it is. */
export function prettyLine(line: string, stream: NodeJS.WritableStream): string {
  const { level, time, msg = '', err, ...fields } = parsed(line) ?? { msg: line.trimEnd() };
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${written(value)}`);
  const coloured = (style: Style, text: string) => styleText(style, text, { stream });
  return [
    coloured('gray', String(time ?? '').slice(11, 23)),
    coloured(
      STYLES[String(level)] ?? 'gray',
      String(level ?? '')
        .toUpperCase()
        .padEnd(5),
    ),
    harmless(String(msg)),
    coloured('gray', rest.join(' ')),
    ...stackOf(err).map((text) => `\n    ${harmless(text)}`),
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function written(value: unknown): string {
  return typeof value === 'string' && /^[!#-~]+$/.test(value) ? value : JSON.stringify(value);
}

function stackOf(err: unknown): string[] {
  const { stack } = (err ?? {}) as { stack?: unknown };
  return stack === undefined ? [] : String(stack).split('\n');
}

/** Text of others must not move the cursor or recolour the terminal. */
function harmless(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, '?');
}
