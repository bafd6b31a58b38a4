import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../src/config.ts';
import { mistakes, PRODUCTION } from '../support/servers/configuration.ts';
import { TEST_SECRETS } from '../support/servers/test-server.ts';

const FROM = { MAIL_FROM: 'Listo <login@listo.example>' };
const sender = { name: 'Listo', address: 'login@listo.example' };
const settingsOf = (env: Record<string, string>, base: Record<string, string> = PRODUCTION) =>
  parseConfig({ ...base, ...env }).mail;

describe('the settings of mail', () => {
  it.each([
    [
      'smtp://listo:p%40ss@mail.example:2525',
      { host: 'mail.example', port: 2525, tls: 'starttls', login: { user: 'listo', password: 'p@ss' } },
    ],
    ['smtp://mail.example', { host: 'mail.example', port: 587, tls: 'starttls', login: undefined }],
    ['smtps://mail.example/', { host: 'mail.example', port: 465, tls: 'always', login: undefined }],
    ['smtp://localhost:25', { host: 'localhost', port: 25, tls: 'never', login: undefined }],
    ['smtp://[::1]:25', { host: '::1', port: 25, tls: 'never', login: undefined }],
  ])('in production, %s is a server that nobody listens in on', (SMTP_URL, server) => {
    expect(settingsOf({ SMTP_URL, ...FROM })).toEqual({ by: 'smtp', server, from: sender });
  });

  it.each([
    ['smtp://mail.example', 'if_offered'],
    ['smtp://listo:secret@mail.example', 'starttls'],
  ])('in development, %s is encrypted %s', (SMTP_URL, tls) => {
    expect(settingsOf({ SMTP_URL, ...FROM }, TEST_SECRETS)).toMatchObject({ server: { tls } });
  });

  it('come from a file, too', () => {
    const folder = mkdtempSync(join(tmpdir(), 'listo-mail-'));
    writeFileSync(join(folder, 'smtp'), 'smtps://listo:secret@mail.example\n');
    expect(settingsOf({ SMTP_URL_FILE: join(folder, 'smtp'), ...FROM })).toMatchObject({
      server: { login: { user: 'listo', password: 'secret' } },
    });
    rmSync(folder, { recursive: true });
  });

  it('are a page of the demo in development, and nothing in production', () => {
    expect(settingsOf({}, TEST_SECRETS)).toEqual({ by: 'demo' });
    expect(settingsOf({})).toBeUndefined();
  });

  it.each(['login@listo.example', '<login@listo.example>'])(
    'take the sender %s without a name',
    (MAIL_FROM) => {
      expect(settingsOf({ SMTP_URL: 'smtps://mail.example', MAIL_FROM })).toMatchObject({
        from: { name: '', address: 'login@listo.example' },
      });
    },
  );

  it.each([
    'mail.example',
    'https://mail.example',
    'smtp://listo@mail.example',
    'smtp://mail.example/inbox',
    'smtp://%zz:hush@mail.example',
    'smtp://:hush@mail.example',
  ])('refuse the server %s without repeating it', (SMTP_URL) => {
    expect(mistakes({ ...PRODUCTION, SMTP_URL, ...FROM })).toEqual([
      'SMTP_URL cannot be used. It takes smtp://user:password@host:587 or smtps://host, percent-encoded, without a path.',
    ]);
  });

  it.each([
    'Listo',
    'Listo <login>',
    'Listo <login@listo.example>, eve@evil.example',
    'Listo\r\nBcc: eve@evil.example <login@listo.example>',
    'login@listo.example\nBcc: eve@evil.example',
  ])('refuse the sender %j', (MAIL_FROM) => {
    expect(mistakes({ ...PRODUCTION, SMTP_URL: 'smtps://mail.example', MAIL_FROM })).toEqual([
      'MAIL_FROM takes an address, or a name and an address, such as Listo <login@example.com>.',
    ]);
  });

  it('refuse one without the other', () => {
    expect(mistakes({ ...PRODUCTION, SMTP_URL: 'smtps://mail.example' })).toEqual([
      'SMTP_URL needs MAIL_FROM, the sender of the mail, such as Listo <login@example.com>.',
    ]);
    expect(mistakes({ ...PRODUCTION, ...FROM })).toEqual([
      'MAIL_FROM needs SMTP_URL, the server that sends the mail.',
    ]);
  });
});
