import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerHeaders, notModified, type PublishedDocument } from '../../platform/published-document.ts';
import type { EndpointAnswer } from '../endpoint.ts';
import { requestState } from '../records/request-state.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

/** Writes answers on Node's response. A header is given once, so lists of names and values serve Node without a search. */
export interface AnswerWriter {
  answer(req: IncomingMessage, res: ServerResponse, answer: EndpointAnswer): void;
  document(req: IncomingMessage, res: ServerResponse, document: PublishedDocument): void;
}

interface Prepared {
  head: readonly string[];
  unchanged: readonly string[];
}

export function answerWriter(securityHeaders: Readonly<Record<string, string>>): AnswerWriter {
  const fixed = flat(securityHeaders);
  const prepared = new WeakMap<PublishedDocument, Prepared>();
  const prepare = (document: PublishedDocument) => {
    const unchanged = [...fixed, ...flat(answerHeaders(document))];
    const { contentType, bytes } = document;
    const head = [...unchanged, 'Content-Type', contentType, 'Content-Length', String(bytes)];
    prepared.set(document, { head, unchanged });
    return { head, unchanged };
  };

  return {
    answer(req, res, { status, headers, body }) {
      if (isOver(res)) return;
      const head = [...fixed, 'X-Request-Id', requestState(req).id];
      for (const name in headers) head.push(name, headers[name] ?? '');
      // oidc-client-ts refuses an empty answer with a type (http/endpoint.ts).
      if (typeof body === 'object') head.push('Content-Type', JSON_TYPE);
      const text = typeof body === 'object' ? JSON.stringify(body) : (body ?? '');
      const bytes = Buffer.byteLength(text);
      head.push('Content-Length', String(bytes));
      res.writeHead(status, head);
      end(res, text, bytes);
    },
    document(req, res, document) {
      if (isOver(res)) return;
      const { head, unchanged } = prepared.get(document) ?? prepare(document);
      const isKnown = notModified(req.headers['if-none-match'], document);
      const { id } = requestState(req);
      res.writeHead(isKnown ? 304 : 200, [...(isKnown ? unchanged : head), 'X-Request-Id', id]);
      if (isKnown) res.end();
      else end(res, document.body, document.bytes);
    },
  };
}

/** Whether a body that came too late was answered meanwhile (connections/refusals.ts), or nobody listens any more. */
function isOver(res: ServerResponse): boolean {
  return res.headersSent || res.destroyed;
}

/** Text of ASCII alone is cheaper to write as Latin-1. */
function end(res: ServerResponse, text: string, bytes: number): void {
  res.end(text, bytes === text.length ? 'latin1' : 'utf8');
}

function flat(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers).flat();
}
