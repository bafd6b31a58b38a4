/**
 * A small browser. It keeps cookies by path, follows redirects only when told to, and submits forms with their hidden
 * fields.
 */
export interface Page {
  url: string;
  status: number;
  headers: Headers;
  html: string;
  /** The absolute target of a redirect; undefined for other answers. */
  location: string | undefined;
}

/** The redirect of an answer. A page has no location. */
export function redirectOf({ status, location }: Page): Pick<Page, 'status' | 'location'> {
  return { status, location };
}

/** The sentence under the heading of a page. */
export function messageOf({ html }: Page): string | undefined {
  return /<p class="lead">([^<]*)<\/p>/.exec(html)?.[1];
}

/** The detail for developers on an error page. */
export function detailOf({ html }: Page): string | undefined {
  return /<dt>Detail<\/dt><dd>([^<]*)</.exec(html)?.[1];
}

/** The links on a page that look like buttons, each as its words and address. */
export function buttonsOf({ html }: Page): string[] {
  const links = html.matchAll(/<a id="[^"]*" class="button[^"]*" href="([^"]*)">(.*?)<\/a>/g);
  return [...links].map(
    ([, href = '', words = '']) => `${words.replaceAll(/<[^>]*>/g, '')}: ${decode(href)}`,
  );
}

/** The error at the head of a page's form. */
export function errorOf({ html }: Page): string | undefined {
  return /Error: <\/span>([^<]*)</.exec(html)?.[1];
}

export function statusAndMessage(page: Page): { status: number; message: string | undefined } {
  return { status: page.status, message: messageOf(page) };
}

interface Cookie {
  name: string;
  value: string;
  path: string;
}

export interface Browser {
  get(url: string, headers?: Record<string, string>): Promise<Page>;
  post(url: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<Page>;
  /** Follows redirects to a page, or until one leads to an address that begins with `stopAt`. */
  follow(page: Page, stopAt?: string): Promise<Page>;
  /** Submits the page's first form whose action ends with `action`, with its hidden fields and `fields`. */
  submit(page: Page, action: string, fields?: Record<string, string>): Promise<Page>;
  cookies(): readonly Cookie[];
}

export interface BrowserOptions {
  /** Sent with every request. */
  headers?: Record<string, string>;
  /** The real origin behind an origin, for an issuer whose name is not this machine's. */
  servedAt?: Readonly<Record<string, string>>;
  /** The origin that its forms name: that of each address by default, or the one name of several servers. */
  origin?: string;
  /** Called for each request. The signal ends the request. */
  signal?: () => AbortSignal | undefined;
  /** Whether it takes pages of older releases, whose buttons have no ids. */
  olderPages?: boolean;
}

export function openBrowser({
  headers: always = {},
  servedAt = {},
  origin: known,
  signal = () => undefined,
  olderPages = false,
}: BrowserOptions = {}): Browser {
  let jar: Cookie[] = [];

  const request = async (url: string, init: RequestInit): Promise<Page> => {
    const { pathname, origin } = new URL(url);
    const own = jar
      .filter(({ path }) => pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`))
      .map(({ name, value }) => `${name}=${value}`);
    // Cookies that are sent always, as a thief's, go beside those that the browser was given.
    const cookies = [always.cookie ?? [], own].flat().join('; ');
    const response = await fetch(url.replace(origin, servedAt[origin] ?? origin), {
      ...init,
      redirect: 'manual',
      signal: signal() ?? null,
      headers: {
        accept: 'text/html,*/*;q=0.8',
        ...always,
        ...init.headers,
        ...(cookies ? { cookie: cookies } : {}),
      },
    });
    for (const text of response.headers.getSetCookie()) jar = store(jar, text);
    const location = response.headers.get('location');
    const html = await response.text();
    if (!olderPages) checkIds(url, html);
    return {
      url,
      status: response.status,
      headers: response.headers,
      html,
      location: location === null ? undefined : new URL(location, url).href,
    };
  };

  const browser: Browser = {
    get: (url, headers = {}) => request(url, { headers }),
    post: (url, fields, headers = {}) =>
      request(url, {
        method: 'POST',
        body: new URLSearchParams(fields),
        headers: { origin: known ?? new URL(url).origin, ...headers },
      }),
    async follow(page, stopAt) {
      let current = page;
      for (let hops = 0; current.location !== undefined; hops += 1) {
        if (hops > 10) throw new Error(`Too many redirects, last to ${current.location}`);
        if (stopAt !== undefined && current.location.startsWith(stopAt)) break;
        current = await browser.get(current.location);
      }
      return current;
    },
    submit(page, action, fields = {}) {
      const form = formOf(page, action);
      return browser.post(form.action, { ...form.fields, ...fields });
    },
    cookies: () => jar,
  };
  return browser;
}

/** Programs press the buttons of our pages by their ids, so each has one that nothing else on its page has. */
function checkIds(url: string, html: string): void {
  if (!html.includes('href="/assets/style.')) return;
  const ids = [...html.matchAll(/<[a-z][^>]*? id="([^"]*)"/g)].map(([, id = '']) => id);
  const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
  if (twice.length > 0) throw new Error(`The page at ${url} has more than one ${twice.join(', ')}`);
  const nameless = html.match(/<button(?![^>]* id="[^"]+")[^>]*>|<a class="(?:button|choice)[^>]*>/);
  if (nameless) throw new Error(`The page at ${url} has a button without an id: ${nameless[0]}`);
}

function store(jar: Cookie[], text: string): Cookie[] {
  const [pair = '', ...attributes] = text.split(/;\s*/);
  const at = pair.indexOf('=');
  const name = pair.slice(0, at);
  const value = pair.slice(at + 1);
  const attribute = (wanted: string) =>
    attributes.find((item) => item.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1);
  const path = attribute('path') ?? '/';
  const maxAge = attribute('max-age');
  const expires = attribute('expires');
  // RFC 6265 section 5.3.
  const gone = maxAge === undefined ? expires && Date.parse(expires) < Date.now() : Number(maxAge) <= 0;
  const others = jar.filter((cookie) => cookie.name !== name || cookie.path !== path);
  return value === '' || gone ? others : [...others, { name, value, path }];
}

function formOf({ html, url }: Page, action: string): { action: string; fields: Record<string, string> } {
  for (const [, attributes = '', content = ''] of html.matchAll(/<form([^>]*)>([\s\S]*?)<\/form>/g)) {
    const target = /action="([^"]*)"/.exec(attributes)?.[1] ?? '';
    if (!target.endsWith(action)) continue;
    const fields: Record<string, string> = {};
    for (const [input] of content.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
      const name = /name="([^"]*)"/.exec(input)?.[1];
      if (name) fields[name] = decode(/value="([^"]*)"/.exec(input)?.[1] ?? '');
    }
    return { action: new URL(decode(target), url).href, fields };
  }
  throw new Error(`No form with the action ${action} in the page at ${url}:\n${html.slice(0, 2000)}`);
}

function decode(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
