/** In package.json, too (`engines`). Node 24.7 brought argon2id. */
const OLDEST = [24, 7] as const;

/** The sentence for somebody whose Node is too old; undefined when it is recent enough. */
export function mistakeOfNode(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return undefined;
  return `This is Node ${version}, and Node ${OLDEST.join('.')} or later is needed. npm start brings its own.`;
}
