/** One request of the demo and its answer, unchanged, for the page to show. */
export interface Exchange {
  request: RecordedRequest;
  status: number;
  /** The parsed JSON, or any other text. */
  answer: unknown;
}

export interface RecordedRequest {
  method: string;
  url: string;
  headers: Readonly<Record<string, string>>;
  /** Empty when there is none. */
  body: string;
}

interface FetchOptions {
  method: string;
  headers: Record<string, string> | Headers;
  body?: unknown;
}

/** No server answers there. */
export class Unreachable extends Error {
  constructor(url: string, cause: unknown) {
    super(`${new URL(url).origin} does not answer`, { cause });
    this.name = 'Unreachable';
  }
}

/**
 * A `fetch` that also records requests and answers, in the order of the answers.
 * @throws Unreachable
 */
export function recordingFetch(record: Exchange[]) {
  return async (url: string, options: FetchOptions): Promise<Response> => {
    const { method, headers, body } = options;
    const response = await fetch(url, options as RequestInit).catch((cause: unknown) => {
      throw new Unreachable(url, cause);
    });
    record.push({
      request: {
        method,
        url,
        headers: Object.fromEntries(new Headers(headers)),
        body: body == null ? '' : String(body),
      },
      status: response.status,
      answer: parsed(await response.clone().text()),
    });
    return response;
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
