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

/** Fills the paragraphs of a text. An indented line stays as it is, and ends a paragraph, as an empty one does. */
export function filled(text: string): string {
  const paragraphs: string[] = [];
  let open = false;
  for (const line of text.split('\n')) {
    const isPlain = line !== '' && !line.startsWith(' ');
    if (open && isPlain) paragraphs[paragraphs.length - 1] += ` ${line}`;
    else paragraphs.push(line);
    open = isPlain;
  }
  return paragraphs.map((one) => (one.startsWith(' ') ? one : wrapped(one))).join('\n');
}
