const WIDTH = 100;

/** Breaks text between words, so that its lines end before column 100. `indent`: the columns before each line. */
export function wrapped(text: string, { indent = 0 } = {}): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}
