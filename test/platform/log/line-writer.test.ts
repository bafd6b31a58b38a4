import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  FILE_PIECE_BYTES,
  LAST_ATTEMPTS,
  LineWriter,
  MOST_WAITING_BYTES,
  PIPE_PIECE_BYTES,
} from '../../../src/platform/log/line-writer.ts';
import { until } from '../../support/time/until.ts';

/** A writer whose reader takes at most `room` bytes until it gets more room. */
function aWriter({ room = Number.POSITIVE_INFINITY, pieceBytes = FILE_PIECE_BYTES } = {}) {
  const reader = { room, fault: 'EAGAIN', writes: [] as Buffer[], attempts: 0 };
  const writer = new LineWriter({
    pieceBytes,
    omission: (unlogged) => `left out: ${unlogged}\n`,
    write(bytes) {
      reader.attempts += 1;
      if (reader.room === 0) throw Object.assign(new Error(), { code: reader.fault });
      const taken = Buffer.from(bytes).subarray(0, reader.room);
      reader.room -= taken.length;
      reader.writes.push(taken);
      return taken.length;
    },
  });
  return {
    writer,
    reader,
    writes: () => reader.writes.map(String),
    text: () => String(Buffer.concat(reader.writes)),
  };
}

describe('the lines of the log', () => {
  it('of one turn are one write, in their order, and those of the next turn another', async () => {
    const { writer, writes } = aWriter();
    writer.write('a\n');
    await Promise.resolve();
    writer.write('b\n');
    process.nextTick(() => writer.write('c\n'));
    expect(writes()).toEqual([]);
    await nextTurn();
    writer.write('d\n');
    await nextTurn();
    expect(writes()).toEqual(['a\nb\nc\n', 'd\n']);
  });

  it('are written into a pipe in pieces of whole lines, which it takes whole', async () => {
    const { writer, writes } = aWriter({ pieceBytes: PIPE_PIECE_BYTES });
    const half = `${'ä'.repeat(PIPE_PIECE_BYTES / 4 - 1)}.\n`;
    const long = `${'l'.repeat(PIPE_PIECE_BYTES)}\n`;
    for (const line of [half, half, half, long, 'end\n']) writer.write(line);
    await nextTurn();
    expect(writes()).toEqual([half + half, half, long, 'end\n']);
  });

  it('go on in the middle of a character where the reader had no more room', async () => {
    const { writer, reader, text } = aWriter({ room: 2 });
    writer.write('äß\n');
    writer.write('b\n');
    await nextTurn();
    reader.room = 1;
    await until('the reader has taken a byte', () => reader.room === 0);
    writer.write('c\n');
    reader.room = 6;
    await until('the reader has taken the rest', () => reader.room === 0);
    expect(reader.writes.map(({ length }) => length)).toEqual([2, 1, 4, 2]);
    expect(text()).toBe('äß\nb\nc\n');
  });

  it('wait while the reader takes nothing, and the process goes on', async () => {
    const { writer, reader, text } = aWriter({ room: 0 });
    const lines = Array.from({ length: 1000 }, (_, n) => `line ${n}\n`);
    for (const line of lines) {
      writer.write(line);
      await nextTurn();
    }
    expect(text()).toBe('');
    reader.room = Number.POSITIVE_INFINITY;
    await until('all lines arrived', () => text().endsWith('line 999\n'));
    expect(text()).toBe(lines.join(''));
  });

  it('are left out and counted when too many wait, until the waiting ones are written; a fatal one never', async () => {
    const { writer, reader, text } = aWriter({ room: 0 });
    const line = `${'x'.repeat(1023)}\n`;
    const most = MOST_WAITING_BYTES / line.length;
    for (let n = 0; n < most + 3; n += 1) writer.write(line);
    writer.write('{"level":"fatal","msg":"the end"}\n');
    writer.write('short\n');
    await nextTurn();
    reader.room = Number.POSITIVE_INFINITY;
    await until('all arrived', () => text().endsWith('left out: 1\n'));
    writer.write('after\n');
    await nextTurn();
    expect(text().slice(0, MOST_WAITING_BYTES)).toBe(line.repeat(most));
    expect(text().slice(MOST_WAITING_BYTES)).toBe(
      'left out: 3\n{"level":"fatal","msg":"the end"}\nleft out: 1\nafter\n',
    );
  });

  it('do not stop at one that is larger than everything that may wait', async () => {
    const { writer, text } = aWriter();
    writer.write(`${'x'.repeat(MOST_WAITING_BYTES)}\n`);
    await nextTurn();
    writer.write('next\n');
    await nextTurn();
    expect(text()).toBe('left out: 1\nnext\n');
  });

  it.each(['EPIPE', 'ENOSPC'])('outlast %s, which is asked about once a second', async (fault) => {
    const { writer, reader, text } = aWriter({ room: 0 });
    reader.fault = fault;
    writer.write('a\n');
    await nextTurn();
    expect(reader.attempts).toBe(1);
    writer.write('b\n');
    reader.room = Number.POSITIVE_INFINITY;
    await until('all arrived', () => text() === 'a\nb\n');
    expect(reader.attempts).toBe(2);
  });
});

describe('at the end of a process, the lines of the log', () => {
  it('are written at once, and so is each later one', () => {
    const { writer, writes } = aWriter();
    writer.write('a\n');
    writer.finish();
    writer.write('b\n');
    expect(writes()).toEqual(['a\n', 'b\n']);
  });

  it('wait about two seconds for one that does not read, and not for one that is gone', () => {
    const still = aWriter({ room: 0 });
    still.writer.write('abc\n');
    still.writer.finish();
    expect(still.reader).toMatchObject({ attempts: LAST_ATTEMPTS, writes: [] });
    const gone = aWriter({ room: 0 });
    gone.reader.fault = 'EPIPE';
    gone.writer.write('abc\n');
    gone.writer.finish();
    expect(gone.reader.attempts).toBe(1);
  });
});
