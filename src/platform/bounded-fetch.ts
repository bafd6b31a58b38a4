const LIMIT_BYTES = 1024 * 1024;

/**
 * `fetch` for addresses that somebody else answers. It refuses an answer of more than 1 MiB instead of holding all of
 * it in memory. A redirect counts as the answer: only the registered address is asked.
 */
export async function boundedFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, { ...init, redirect: 'manual' });
  const { body, status, statusText, headers } = response;
  if (!body) return response;
  let received = 0;
  const counted = body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        received += chunk.byteLength;
        if (received > LIMIT_BYTES)
          controller.error(new TypeError(`The answer is larger than ${LIMIT_BYTES} bytes.`));
        else controller.enqueue(chunk);
      },
    }),
  );
  return new Response(counted, { status, statusText, headers });
}
