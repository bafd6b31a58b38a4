import { printable } from '../../../platform/log/printable.ts';
import { jsonLineOf } from '../../registered/written.ts';
import { curlOf, type SentRequest, shown } from './curl.ts';

/** A request and its answer. */
export interface Exchange {
  step: string;
  curl: string;
  status: number;
  request_id: string | undefined;
  /** The JSON of the answer, or the beginning of another text. Credentials are shortened, unless they are shown. */
  answer: unknown;
}

/** The latest answer as it came. */
export interface LatestAnswer {
  status: number;
  requestId: string | undefined;
  body: unknown;
}

/** Everything that was sent and answered. */
export interface Transcript {
  exchanges: Exchange[];
  /** Begins a step: the requests after it belong to it. */
  step(name: string): void;
  /** A line for the person who reads. */
  tell(line: string): void;
  latest: LatestAnswer | undefined;
  /** The redirect URI of the sign-in, letter by letter, once there is one. */
  redirectUri: string | undefined;
  fetch: (url: string, options: FetchOptions) => Promise<Response>;
}

interface FetchOptions {
  method?: string;
  headers?: Record<string, string> | Headers;
  body?: unknown;
  redirect?: string;
  signal?: AbortSignal | undefined;
}

const LONGEST_TEXT = 300;
/** Discovery and key sets are long, and nobody reads them here. */
const LONGEST_LINE = 700;

export function createTranscript({
  print,
  tell,
  show,
}: {
  /** Receives what a program reads from the exchanges. */
  print(line: string): void;
  tell(line: string): void;
  show: boolean;
}): Transcript {
  let current = '';
  const transcript: Transcript = {
    exchanges: [],
    latest: undefined,
    redirectUri: undefined,
    step(name) {
      current = name;
      print('');
      print(`== ${name}`);
    },
    tell,
    async fetch(url, options) {
      const { method = 'GET', headers, body } = options;
      if (transcript.redirectUri !== undefined && body instanceof URLSearchParams && body.has('redirect_uri'))
        body.set('redirect_uri', transcript.redirectUri);
      const request: SentRequest = {
        ...{ method, url },
        headers: Object.fromEntries(new Headers(headers)),
        body: body == null ? '' : String(body),
      };
      const curl = curlOf(request, { show });
      const again = transcript.exchanges.at(-1)?.curl === curl;
      if (!again) print(printable(curl, curl.length));
      const response = await fetch(url, options as RequestInit);
      const text = await response.clone().text();
      const requestId = response.headers.get('x-request-id') ?? undefined;
      const answered = parsed(text);
      transcript.latest = { status: response.status, requestId, body: answered };
      const answer = withoutCredentials(answered, show);
      const { status } = response;
      transcript.exchanges.push({ step: current, curl, status, request_id: requestId, answer });
      if (!again || status === 200) print(answerLine(response, answer, requestId));
      return response;
    },
  };
  return transcript;
}

function answerLine({ status, headers }: Response, answer: unknown, requestId: string | undefined): string {
  const id = requestId === undefined ? '' : ` (X-Request-Id ${printable(requestId)})`;
  const location = headers.get('location');
  const text =
    location === null
      ? typeof answer === 'string'
        ? answer
        : jsonLineOf(answer)
      : `to ${printable(location)}`;
  const shownText = text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE)}…` : text;
  return `-> ${status}${id} ${shownText}`.trimEnd();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text.trimStart().startsWith('<') ? 'a page' : text;
  }
}

/** The members of JSON, or a text, as they may be shown. */
function withoutCredentials(answer: unknown, show: boolean): unknown {
  if (typeof answer === 'string')
    return /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(answer)
      ? shown('token', answer, show)
      : printable(answer, LONGEST_TEXT);
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return answer;
  return Object.fromEntries(
    Object.entries(answer).map(([name, value]) => [
      name,
      typeof value === 'string' && name !== 'user_code' ? shown(name, value, show) : value,
    ]),
  );
}
