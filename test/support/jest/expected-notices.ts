/**
 * The protocol library notes once that a request's body was already parsed, which is how the token endpoint reads
 * JSON. In tests, the note would stand between their lines.
 */
const warn = console.warn;
console.warn = (...message: unknown[]) => {
  if (!String(message[0]).includes('already parsed request body detected')) warn(...message);
};
