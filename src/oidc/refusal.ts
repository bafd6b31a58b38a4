/** Replaces the description of a library error. Its own says little more than the code. */
export function explained<T extends Error>(error: T, description: string): T {
  return Object.assign(error, { error_description: description });
}
