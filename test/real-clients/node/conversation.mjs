/** How a client program talks to the test that runs it: client-program.ts describes the lines. */
import { createInterface } from 'node:readline';

export const settings = JSON.parse(process.argv.at(-1));
const lines = createInterface(process.stdin)[Symbol.asyncIterator]();

/** Sends the person's browser there, and returns the address to which it was sent with the answer. */
export async function answerTo(authorizationRequest) {
  console.log(JSON.stringify({ authorize: authorizationRequest }));
  const { value } = await lines.next();
  return value;
}

export function tell(result) {
  console.log(JSON.stringify({ result }));
}
