import type { Middleware } from 'koa';
import type { HttpError } from '../../platform/errors.ts';
import type { Refusal } from '../../refusals/reasons.ts';
import { refusedRequest } from '../../refusals/refused-request.ts';
import { shown } from '../../refusals/shown.ts';

/** No endpoint knows a third of this number, and later code may take time that grows with its square. */
export const MOST_PARAMETERS = 100;

/** The parameters of a query or a form by name. A name that occurs twice has an array, as the library expects. */
export type RequestParameters = Record<string, string | string[]>;

/**
 * Parses `application/x-www-form-urlencoded` text (a query or a body). It refuses broken percent-encoding, bytes that
 * are not UTF-8, and NUL, which Postgres cannot store.
 *
 * @throws HttpError 400 `invalid_request` that names the parameter, or says that there are too many.
 */
export function parseParameters(text: string): RequestParameters {
  const parameters: RequestParameters = Object.create(null);
  let count = 0;
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    count += 1;
    if (count > MOST_PARAMETERS) throw tooMany();
    const at = pair.indexOf('=');
    const name = decode(at === -1 ? pair : pair.slice(0, at), undefined);
    const value = at === -1 ? '' : decode(pair.slice(at + 1), name);
    const present = parameters[name];
    if (present === undefined) parameters[name] = value;
    else if (Array.isArray(present)) present.push(value);
    else parameters[name] = [present, value];
  }
  return parameters;
}

/**
 * Refuses a query of too many parameters at any address, before Koa parses it: that takes a time that grows with the
 * square of their number, seconds for a query of 60 kB.
 */
export const fewParameters: Middleware = (ctx, next) => {
  if (ctx.querystring.split('&', MOST_PARAMETERS + 2).length > MOST_PARAMETERS + 1) throw tooMany();
  return next();
};

/** The value of a parameter that may occur once; undefined if it is missing, empty or repeated. */
export function singleValue(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * The same, where a repeated parameter is refused.
 * @throws the error that `refusal` makes of a sentence.
 */
export function valueOnce(
  parameters: RequestParameters,
  name: string,
  refusal: (message: string, why: Refusal) => Error,
): string | undefined {
  if (Array.isArray(parameters[name]))
    throw refusal(`The parameter ${name} was sent more than once.`, {
      reason: 'parameter.repeated',
      came: { parameter: name },
    });
  return singleValue(parameters[name]);
}

function decode(text: string, name: string | undefined): string {
  const what = name === undefined ? 'A parameter name' : `The parameter ${printable(name)}`;
  let value: string;
  try {
    value = decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw malformed(`${what} is not valid percent-encoded UTF-8.`, name);
  }
  if (value.includes('\0')) throw malformed(`${what} contains a NUL character.`, name);
  return value;
}

/** Repeats a name only if an answer may safely contain it. */
function printable(name: string): string {
  return /^[\w.:-]{1,64}$/.test(name) ? name : 'with an unusual name';
}

export function tooMany(): HttpError {
  return invalid(`The request has more than ${MOST_PARAMETERS} parameters.`, {
    reason: 'parameter.too_many',
    expected: { parameters: `at most ${MOST_PARAMETERS}` },
  });
}

function malformed(message: string, name: string | undefined): HttpError {
  const came = name === undefined ? {} : { came: { parameter: shown(name) } };
  return invalid(message, { reason: 'parameter.malformed', ...came });
}

function invalid(message: string, why: Refusal): HttpError {
  return refusedRequest({ status: 400, code: 'invalid_request', message, why });
}
