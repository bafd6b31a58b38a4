import type { Why } from '../../../src/platform/errors.ts';
import type { TestServer } from './test-server.ts';

/** Why a request was refused, as the table of refusals has it; undefined for one that is not there. */
export async function recordedWhy(
  { services: { refusalRecorder, recordedRefusals } }: TestServer,
  answer: Promise<{ headers: Headers }>,
): Promise<Partial<Record<'reason', string | null>> & Pick<Why, 'came' | 'expected'>> {
  const { headers } = await answer;
  await refusalRecorder.flush();
  const [row] = await recordedRefusals.find(headers.get('x-request-id') ?? '');
  if (!row) return {};
  const { reason, came, expected } = row;
  return {
    reason,
    ...(Object.keys(came).length > 0 ? { came } : {}),
    ...(Object.keys(expected).length > 0 ? { expected } : {}),
  };
}
