import { type ErrorAnswer, errorPage } from '../../../src/http/pages/error-page.ts';
import type { PageLink } from '../../../src/platform/errors.ts';

const SIGN_IN: PageLink = { does: 'sign_in', href: 'https://app.example/sign-in', name: 'App' };
const RETURN: PageLink = { does: 'return', href: 'https://app.example/', name: 'App' };
const RETRY: PageLink = { does: 'retry', href: '' };

const answer = (more: Partial<ErrorAnswer>): ErrorAnswer => ({
  status: 400,
  code: 'invalid_request',
  message: 'The parameter state was sent more than once.',
  headers: {},
  ...more,
});

describe('the page of an error', () => {
  it.each<[string, ErrorAnswer, Omit<ReturnType<typeof errorPage>, 'links'>]>([
    [
      'an unknown address',
      answer({ status: 404, code: 'not_found' }),
      {
        title: 'There is nothing here',
        text: 'The address may be mistyped. To sign in, open your application: it leads you to the right page.',
        detail: undefined,
      },
    ],
    [
      'an address of programs',
      answer({ status: 405 }),
      {
        title: 'There is no page here',
        text: 'Programs send their requests to this address. To sign in, open your application: it leads you to the right page.',
        detail: undefined,
      },
    ],
    [
      'a limit',
      answer({ status: 429, code: 'too_many_requests', headers: { 'Retry-After': '1' } }),
      { title: 'Too many attempts', text: 'Wait a second.', detail: undefined },
    ],
    [
      'a server that is away',
      answer({ status: 503, code: 'temporarily_unavailable', headers: { 'Retry-After': '7' } }),
      {
        title: 'Back in a moment',
        text: 'Something that this page needs does not answer. Wait 7 seconds.',
        detail: undefined,
      },
    ],
    [
      'a fault of ours',
      answer({ status: 500, code: 'server_error' }),
      {
        title: 'That did not work',
        text: 'The fault is on our side, and it has been recorded.',
        detail: undefined,
      },
    ],
    [
      'no access',
      answer({ status: 403, code: 'access_denied' }),
      { title: 'You have no access here', text: 'Ask your administrator for it.', detail: undefined },
    ],
    [
      'a request of a program that is wrong',
      answer({}),
      {
        title: 'This request cannot be used',
        text: 'Go back to where you came from, and begin again.',
        detail: 'The parameter state was sent more than once.',
      },
    ],
  ])('of %s says what to do, once', (_what, error, words) => {
    expect(errorPage(error, [])).toMatchObject(words);
  });

  it.each([429, 500, 503])('%i tries again, or leads back', (status) => {
    expect(errorPage(answer({ status }), [SIGN_IN, RETURN]).links).toEqual([RETRY, RETURN]);
  });

  it.each([400, 403, 404])('%i leads to the application', (status) => {
    expect(errorPage(answer({ status }), [SIGN_IN, RETURN]).links).toEqual([SIGN_IN, RETURN]);
  });

  it('has its own words, and a hint only where no link says the same', () => {
    const error = answer({ page: { title: 'Over', text: 'It is over.', hint: 'Begin again.' } });
    const textWith = (links: PageLink[]) => errorPage(error, links).text;
    expect({ alone: textWith([]), withLink: textWith([RETURN]) }).toEqual({
      alone: 'It is over. Begin again.',
      withLink: 'It is over.',
    });
  });
});
