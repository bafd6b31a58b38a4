/**
 * Adds the parameters of an answer to a registered address, in which no other character changes: an application may
 * compare it as text. Parameters of the address with the same name give way.
 */
export function withAnswer(address: string, answer: Readonly<Record<string, string>>): string {
  const [before = '', fragment] = cut(address, '#');
  const [path = '', query = ''] = cut(before, '?');
  const names = Object.keys(answer);
  const kept = query.split('&').filter((pair) => pair !== '' && !names.includes(nameOf(pair)));
  const all = [...kept, ...(names.length > 0 ? [String(new URLSearchParams(answer))] : [])];
  return `${path}${all.length > 0 ? `?${all.join('&')}` : ''}${fragment === undefined ? '' : `#${fragment}`}`;
}

function cut(text: string, at: string): string[] {
  const index = text.indexOf(at);
  return index === -1 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}

function nameOf(pair: string): string {
  const [name = ''] = new URLSearchParams(pair).keys();
  return name;
}
