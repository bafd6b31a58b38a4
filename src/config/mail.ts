import { addressMistake } from '../mail/address.ts';
import type { MailSettings } from '../mail/settings.ts';
import type { Variables } from './variables.ts';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);
const PORTS: Record<string, number> = { 'smtp:': 587, 'smtps:': 465 };
const FORM = 'It takes smtp://user:password@host:587 or smtps://host, percent-encoded, without a path.';

/**
 * How mail leaves: by the server of SMTP_URL; where the demo is on, otherwise, only to its page; otherwise not at all
 * (undefined).
 */
export function readMail(
  variables: Variables,
  { production, demo }: { production: boolean; demo: boolean },
): MailSettings | undefined {
  const url = variables.secret('SMTP_URL');
  const from = readFrom(variables);
  if (url === undefined) {
    if (from) variables.mistakes.push('MAIL_FROM needs SMTP_URL, the server that sends the mail.');
    return demo ? { by: 'demo' } : undefined;
  }
  const server = url === '' ? undefined : readServer(url, variables, { production });
  if (!from) {
    if (variables.text('MAIL_FROM') === undefined)
      variables.mistakes.push(
        'SMTP_URL needs MAIL_FROM, the sender of the mail, such as Listo <login@example.com>.',
      );
    return undefined;
  }
  return server && { by: 'smtp', server, from };
}

type Server = Extract<MailSettings, { by: 'smtp' }>['server'];

/** The value holds a password, so messages must not repeat it. */
function readServer(
  text: string,
  { mistakes }: Variables,
  { production }: { production: boolean },
): Server | undefined {
  const url = URL.parse(text);
  const port = url ? PORTS[url.protocol] : undefined;
  const isPlain = url && url.hostname !== '' && !url.search && !url.hash && /^\/?$/.test(url.pathname);
  const credentials = url && credentialsOf(url);
  if (!url || port === undefined || !isPlain || !credentials) {
    mistakes.push(`SMTP_URL cannot be used. ${FORM}`);
    return undefined;
  }
  const { user, password } = credentials;
  const isLocal = LOOPBACK.has(url.hostname);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? port : Number(url.port),
    tls: url.protocol === 'smtps:' ? 'always' : isLocal ? 'never' : starttls(production || user !== ''),
    login: user === '' ? undefined : { user, password },
  };
}

/** A password never goes out in the clear. */
function starttls(isRequired: boolean): Server['tls'] {
  return isRequired ? 'starttls' : 'if_offered';
}

function credentialsOf({ username, password }: URL): { user: string; password: string } | undefined {
  try {
    const user = decodeURIComponent(username);
    const isWhole = (user === '') === (password === '');
    return isWhole ? { user, password: decodeURIComponent(password) } : undefined;
  } catch {
    return undefined;
  }
}

/** `login@example.com`, or a name before it: `Listo <login@example.com>`. */
function readFrom(variables: Variables): { name: string; address: string } | undefined {
  const text = variables.text('MAIL_FROM');
  if (text === undefined) return undefined;
  const [, name = '', inBrackets] = /^([^<>\p{Cc}]*)<([^<>]*)>$/u.exec(text) ?? [];
  const address = inBrackets ?? text;
  const shown = name.trim().replace(/^"(.*)"$/, '$1');
  if (addressMistake(address) === undefined && !/[<>]/.test(address)) return { name: shown, address };
  variables.mistakes.push(
    'MAIL_FROM takes an address, or a name and an address, such as Listo <login@example.com>.',
  );
  return undefined;
}
