import type { ErrorPage, HttpError, PageLink } from '../../platform/errors.ts';

/** The parts of an error, ours or the protocol library's, that a client may see. */
export type ErrorAnswer = Pick<HttpError, 'status' | 'message' | 'headers'> & {
  page?: ErrorPage | undefined;
  code: string;
  /** For the developer of the client; `message` is for the person at the browser. */
  detail?: string | undefined;
};

/** The address of the page itself. */
export const SAME_ADDRESS = '';

/** The words and ways on of an error's page. `application` leads to the client's application, if that is known. */
export function errorPage(
  error: ErrorAnswer,
  application: readonly PageLink[],
): { title: string; text: string; detail: string | undefined; links: readonly PageLink[] } {
  const { page = {} } = error;
  const standard = standardPage(error);
  const links = page.links ?? linksOf(error, application);
  const { title = standard.title, text = standard.text, hint = standard.hint } = page;
  return {
    title,
    text: [text, links.length === 0 ? hint : undefined].filter((part) => part !== undefined).join(' '),
    // The message is for programs, and here for the developer of one, where no words for people replace it.
    detail: error.detail ?? page.detail ?? (text === undefined ? error.message : undefined),
    links,
  };
}

const LEADS_HERE = 'To sign in, open your application: it leads you to the right page.';

function standardPage({
  status,
  code,
  headers,
}: ErrorAnswer): Pick<ErrorPage, 'text' | 'hint'> & { title: string } {
  if (code === 'access_denied')
    return { title: 'You have no access here', text: 'Ask your administrator for it.' };
  switch (status) {
    case 404:
      return { title: 'There is nothing here', text: `The address may be mistyped. ${LEADS_HERE}` };
    case 405:
      return {
        title: 'There is no page here',
        text: `Programs send their requests to this address. ${LEADS_HERE}`,
      };
    case 429:
      return { title: 'Too many attempts', text: `Wait ${secondsOf(headers)}.` };
    case 503:
      return {
        title: 'Back in a moment',
        text: `Something that this page needs does not answer. Wait ${secondsOf(headers)}.`,
      };
    case 500:
      return { title: 'That did not work', text: 'The fault is on our side, and it has been recorded.' };
    default:
      return {
        title: 'This request cannot be used',
        hint: 'Go back to where you came from, and begin again.',
      };
  }
}

function secondsOf({ 'Retry-After': seconds = '5' }: ErrorAnswer['headers']): string {
  return seconds === '1' ? 'a second' : `${seconds} seconds`;
}

/** Where the same request may work in a moment, nobody has to begin again. */
function linksOf(
  {
    status,
    page: { retryAt = status === 429 || status >= 500 ? SAME_ADDRESS : undefined } = {},
  }: ErrorAnswer,
  application: readonly PageLink[],
): readonly PageLink[] {
  if (retryAt === undefined) return application;
  return [{ does: 'retry', href: retryAt }, ...application.filter(({ does }) => does === 'return')];
}
