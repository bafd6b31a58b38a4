/** One of the library's errors, in our words for the client: of its own it says little more than the code. */
export function explained<T extends Error>(error: T, description: string): T {
  return Object.assign(error, { error_description: description });
}
