import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerHeaders, notModified, type PublishedDocument } from '../../platform/published-document.ts';
import type { EndpointAnswer } from '../endpoint.ts';
import { requestState } from '../records/request-state.ts';
import { headWriter } from './heads.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

/** Writes answers on Node's response. A header is given once, so lists of names and values serve Node without a search. */
export interface AnswerWriter {
  answer(req: IncomingMessage, res: ServerResponse, answer: EndpointAnswer): void;
  document(req: IncomingMessage, res: ServerResponse, document: PublishedDocument): void;
}

export function answerWriter(securityHeaders: Readonly<Record<string, string>>): AnswerWriter {
  const fixed = flat(securityHeaders);
  const writeHead = headWriter();

  return {
    answer(req, res, { status, headers, body }) {
      if (isOver(res)) return;
      // oidc-client-ts refuses an empty answer with a type (http/endpoint.ts).
      const all = typeof body === 'object' ? { ...headers, 'Content-Type': JSON_TYPE } : headers;
      const text = typeof body === 'object' ? JSON.stringify(body) : (body ?? '');
      const bytes = Buffer.byteLength(text);
      const { id: requestId } = requestState(req);
      let key = String(status);
      for (const name in all) key += `\n${name}: ${all[name]}`;
      writeHead(res, { status, key, headers: () => [...fixed, ...flat(all)], requestId, bytes });
      end(res, text, bytes);
    },
    document(req, res, document) {
      if (isOver(res)) return;
      const { body, bytes, contentType } = document;
      const { id: requestId } = requestState(req);
      const shared = () => [...fixed, ...flat(answerHeaders(document))];
      if (notModified(req.headers['if-none-match'], document)) {
        res.writeHead(304, [...shared(), 'X-Request-Id', requestId]).end();
        return;
      }
      const headers = () => [...shared(), 'Content-Type', contentType];
      writeHead(res, { status: 200, key: document, headers, requestId, bytes });
      end(res, body, bytes);
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
