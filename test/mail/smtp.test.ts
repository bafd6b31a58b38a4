import { freePort } from '../../scripts/free-port.ts';
import { UndeliveredError } from '../../src/deliveries/delivery.ts';
import type { ComposedMail } from '../../src/mail/compose-mail.ts';
import type { MailServer as Settings } from '../../src/mail/settings.ts';
import { sendBySmtp } from '../../src/mail/smtp.ts';
import { type MailServer, startMailServer, startTalker } from '../support/mail/mail-server.ts';

const MAIL: ComposedMail = {
  to: 'ada@demo.example',
  subject: 'Set a new password for Zoë & Co.',
  text: 'Hello Ada,\n\nhttps://login.example/recovery?link=secret-link\n',
  html: '<p>Hello Ada,</p>',
};
const FROM = { name: 'Listo', address: 'login@listo.example' };

const send = (port: number, server: Partial<Settings> = {}, mail: Partial<ComposedMail> = {}) =>
  sendBySmtp(
    { ...MAIL, ...mail },
    {
      by: 'smtp',
      server: { host: 'localhost', port, tls: 'never', login: undefined, ...server },
      from: FROM,
    },
  );

async function failureOf(sent: Promise<void>): Promise<{ message: string; isFinal: boolean }> {
  const error = await sent.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UndeliveredError);
  const { message, isFinal } = error as UndeliveredError;
  return { message, isFinal };
}

const open: { close(): Promise<void> }[] = [];
const started = async <T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
  const server = await starting;
  open.push(server);
  return server;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

/** A mail server that answers each command by its first word. */
const answering = (answers: Record<string, string>) =>
  started(
    startTalker((socket) => {
      socket.write('220 mail.example ESMTP\r\n');
      socket.on('data', (data) => {
        for (const line of String(data).split('\r\n')) {
          const [word = ''] = line.split(/[ :]/);
          const answer = answers[word.toUpperCase()];
          if (answer !== undefined) socket.write(`${answer}\r\n`);
        }
      });
    }),
  );
const KIND = {
  EHLO: '250 mail.example',
  MAIL: '250 ok',
  RCPT: '250 ok',
  DATA: '354 go on',
  '.': '250 taken',
};

describe('sending a mail by SMTP', () => {
  let server: MailServer;
  beforeEach(async () => {
    server = await started(startMailServer());
  });

  it('hands it over in text and HTML, with a subject in any letters', async () => {
    await send(server.port);
    const [mail] = server.taken;
    expect(mail).toMatchObject({ from: 'login@listo.example', to: ['ada@demo.example'], secure: false });
    const { raw = '' } = mail ?? {};
    expect(raw).toContain('From: Listo <login@listo.example>\r\n');
    expect(raw).toContain('To: ada@demo.example\r\n');
    expect(raw).toContain('Subject: =?UTF-8?Q?Set_a_new_password_for_Zo=C3=AB_=26_Co?= =?UTF-8?Q?=2E?=\r\n');
    expect(raw).toContain('Auto-Submitted: auto-generated\r\n');
    expect(raw).toMatch(/Content-Type: multipart\/alternative/);
    expect(raw).toMatch(
      /Content-Type: text\/plain; charset=utf-8[\s\S]*Content-Type: text\/html; charset=utf-8/,
    );
  });

  it.each([
    ['a line break', 'ada@demo.example\r\nBcc: eve@evil.example'],
    ['a recipient more', 'ada@demo.example, eve@evil.example'],
    ['brackets', '<ada@demo.example> <eve@evil.example>'],
  ])('sends nothing to anybody else for an address with %s', async (_what, to) => {
    await send(server.port, {}, { to }).catch(() => undefined);
    expect(server.taken.flatMap((mail) => mail.to)).not.toContain('eve@evil.example');
  });

  it('keeps a line break out of the subject', async () => {
    await send(server.port, {}, { subject: 'Hello\r\nBcc: eve@evil.example' });
    const [mail] = server.taken;
    expect(mail?.to).toEqual(['ada@demo.example']);
    expect(mail?.raw).not.toMatch(/^Bcc:/im);
  });

  it('logs in where SMTP_URL has a user', async () => {
    const withLogin = await started(
      startMailServer({
        authOptional: false,
        allowInsecureAuth: true,
        onAuth: ({ username, password }, _session, done) =>
          done(
            password === 'right' ? null : new Error('no'),
            password === 'right' ? { user: username } : undefined,
          ),
      }),
    );
    await send(withLogin.port, { login: { user: 'listo', password: 'right' } });
    expect(withLogin.taken.map(({ user }) => user)).toEqual(['listo']);
    const wrong = await failureOf(
      send(withLogin.port, { login: { user: 'listo', password: 'wr0ng-secret' } }),
    );
    expect(wrong).toEqual({
      message: 'The mail server did not accept the user and password of SMTP_URL (it answered 535).',
      isFinal: false,
    });
  });
});

describe('a mail that is not taken', () => {
  it('waits for a mail server that is down', async () => {
    const port = await freePort();
    expect(await failureOf(send(port))).toEqual({
      message: `The mail server at localhost:${port} cannot be reached.`,
      isFinal: false,
    });
  });

  it('is given up when the recipient is refused for good, and says nothing of what the server wrote', async () => {
    const { port } = await answering({ ...KIND, RCPT: '550 5.1.1 ada@demo.example is unknown here' });
    expect(await failureOf(send(port))).toEqual({
      message: 'The mail server refused this mail for good (it answered 550).',
      isFinal: true,
    });
  });

  it('is given up when the mail itself is refused for good', async () => {
    const { port } = await answering({ ...KIND, '.': '554 5.7.1 secret-link looks bad' });
    expect(await failureOf(send(port))).toEqual({
      message: 'The mail server refused this mail for good (it answered 554).',
      isFinal: true,
    });
  });

  it.each([
    ['a full mailbox', { RCPT: '452 try later' }, 452],
    ['a sender that the server refuses, as the operator may put that right', { MAIL: '550 no' }, 550],
    ['a server that is closing', { MAIL: '421 bye' }, 421],
  ])('waits for %s', async (_what, answers, code) => {
    const { port } = await answering({ ...KIND, ...answers });
    expect(await failureOf(send(port))).toEqual({
      message: `The mail server did not take the mail (it answered ${code}).`,
      isFinal: false,
    });
  });

  it('is never sent in the clear by a server that does not offer STARTTLS', async () => {
    const heard: string[] = [];
    const { port } = await started(
      startTalker((socket) => {
        socket.write('220 mail.example ESMTP\r\n');
        socket.on('data', (data) => {
          heard.push(String(data));
          socket.write(/^EHLO/.test(String(data)) ? '250 mail.example\r\n' : '502 no\r\n');
        });
      }),
    );
    const login = { user: 'listo', password: 'secret' };
    expect(await failureOf(send(port, { tls: 'starttls', login }))).toEqual({
      message: `There is no trusted encryption with the mail server at localhost:${port}.`,
      isFinal: false,
    });
    expect(heard.join('')).not.toMatch(/AUTH|MAIL|RCPT|secret/);
  });

  it('is never sent to a server with a certificate that nobody trusts', async () => {
    // smtp-server has a certificate of its own making.
    const server = await started(startMailServer());
    expect(await failureOf(send(server.port, { tls: 'starttls' }))).toEqual({
      message: `There is no trusted encryption with the mail server at localhost:${server.port}.`,
      isFinal: false,
    });
    expect(server.taken).toEqual([]);
  });

  it.each<[string, (write: (text: string) => void) => void]>([
    ['says nothing', () => undefined],
    ['speaks no SMTP', (write) => write('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['says more than anybody reads', (write) => write(`220-${'x'.repeat(200_000)}`)],
  ])(
    'waits for a server that %s',
    async (_what, talk) => {
      const { port } = await started(startTalker((socket) => talk((text) => socket.write(text))));
      const since = performance.now();
      const { isFinal } = await failureOf(send(port));
      expect(isFinal).toBe(false);
      expect(performance.now() - since).toBeLessThan(12_000);
    },
    30_000,
  );

  it('waits for a server that dribbles, within the time of a delivery', async () => {
    const { port } = await started(
      startTalker((socket) => {
        socket.write('220 mail.example ESMTP\r\n');
        const dribble = setInterval(() => socket.write('250-wait\r\n'), 500);
        socket.on('close', () => clearInterval(dribble));
      }),
    );
    const since = performance.now();
    expect(await failureOf(send(port))).toEqual({
      message: `The mail server at localhost:${port} did not answer in time.`,
      isFinal: false,
    });
    expect(performance.now() - since).toBeLessThan(12_000);
  }, 30_000);
});
