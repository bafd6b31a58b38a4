import { type Explanation, explain } from './explanation.ts';
import type { Reader, RefusalStore } from './refusal-store.ts';

/** The error for an id that explains nothing to who asks: it is unknown or too old, or the refusal is another client's. */
export const NOTHING_TO_EXPLAIN = {
  error: 'not_found',
  error_description:
    'No refusal of this client with this request_id is recorded. One can be read a second after its answer, for a week.',
} as const;

/** Explains a client's own refusal with this request id: the newest that it proved, or else the newest in its name. */
export async function explainOwn(
  refusals: Pick<RefusalStore, 'find'>,
  requestId: string,
  reader: Reader,
): Promise<Explanation | undefined> {
  const [newest] = await refusals.find(requestId, reader);
  return newest && explain(newest, { reader: 'client' });
}
