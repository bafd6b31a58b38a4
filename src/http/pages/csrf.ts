import { createHmac, timingSafeEqual } from 'node:crypto';
import { refusedRequest } from '../../refusals/refused-request.ts';
import { SAME_ADDRESS } from './error-page.ts';

/**
 * Guards the forms of our pages. A token is a keyed hash of the form's binding: an interaction or a session, which
 * only the right browser can name, by its cookie. So a token needs no storage and fits no other form. The page that sent
 * the form is looked at before (own-pages.ts).
 */
export interface Csrf {
  token(binding: string): string;
  /** @throws HttpError 403 when the token is not this form's. */
  check(given: unknown, binding: string): void;
}

export function createCsrf(keys: readonly string[]): Csrf {
  const sign = (key: string, binding: string) => createHmac('sha256', key).update(`csrf:${binding}`).digest();
  return {
    token: (binding) => sign(keys[0] ?? '', binding).toString('base64url'),
    check(given, binding) {
      const presented = Buffer.from(typeof given === 'string' ? given : '', 'base64url');
      const known = keys.some((key) => {
        const expected = sign(key, binding);
        return presented.length === expected.length && timingSafeEqual(presented, expected);
      });
      if (!known) {
        throw refusedRequest({
          status: 403,
          code: 'invalid_request',
          message: 'This form has expired or was opened somewhere else. Please go back and try again.',
          why: { reason: 'form.out_of_date' },
          page: {
            title: 'This form is out of date',
            text: 'Somebody else signed in with this browser since it was opened, or it was opened in another one.',
            retryAt: SAME_ADDRESS,
          },
        });
      }
    },
  };
}
