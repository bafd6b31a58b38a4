import MailComposer from 'nodemailer/lib/mail-composer';
import SmtpConnection from 'nodemailer/lib/smtp-connection';
import { SEND_WITHIN_MS, UndeliveredError } from '../deliveries/delivery.ts';
import type { ComposedMail } from './compose-mail.ts';
import type { MailServer, MailSettings } from './settings.ts';

/** For the whole conversation; the rest of SEND_WITHIN_MS is for the database. */
const WITHIN_MS = SEND_WITHIN_MS - 2000;
/** For one step of it. */
const STEP_MS = 6000;
/** The longest answer of a mail server that is read. */
const LONGEST_ANSWER = 64 * 1024;

/** The parts of the library's errors that are used. Their texts may repeat an address or a password. */
interface SmtpFailure {
  code?: string;
  command?: string;
  responseCode?: number;
  permanent?: boolean;
  originalCode?: string;
}

/**
 * Sends one mail over a connection of its own.
 * @throws UndeliveredError when the mail server did not take it: for good, if it refused the recipient or the mail.
 */
export async function sendBySmtp(
  mail: ComposedMail,
  { server, from }: Extract<MailSettings, { by: 'smtp' }>,
): Promise<void> {
  const message = new MailComposer({
    ...mail,
    from,
    to: { name: '', address: mail.to },
    headers: { 'Auto-Submitted': 'auto-generated' },
    // Nothing that a mail says may name a file or an address that is read.
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile();
  const envelope = message.getEnvelope();
  const content = await message.build();
  await converse(server, (connection, done, fail) =>
    connection.send({ ...envelope, from: envelope.from || from.address }, content, (refusal) =>
      refusal ? fail(refusal) : done(),
    ),
  );
}

/**
 * Connects to the mail server, changes to TLS and logs in as for a mail, and sends none.
 * @throws UndeliveredError
 */
export async function checkMailServer(server: MailServer): Promise<void> {
  await converse(server, (_connection, done) => done());
}

/** Runs `work` on a connection that is logged in. @throws UndeliveredError */
async function converse(
  server: MailServer,
  work: (connection: SmtpConnection, done: () => void, fail: (refusal: unknown) => void) => void,
): Promise<void> {
  const connection = new SmtpConnection(optionsOf(server));
  const late = setTimeout(() => connection.emit('error', LATE), WITHIN_MS);
  try {
    await new Promise<void>((done, fail) => {
      connection.on('error', fail);
      connection.once('end', () => fail({ code: 'ECONNECTION' }));
      connection.connect((error) => {
        if (error) return fail(error);
        if (!server.login) return work(connection, done, fail);
        const { user, password: pass } = server.login;
        connection.login({ user, pass, credentials: { user, pass } }, (refusal) =>
          refusal ? fail(refusal) : work(connection, done, fail),
        );
      });
    });
    connection.quit();
  } catch (error) {
    connection.close();
    throw explain(error as SmtpFailure, server);
  } finally {
    clearTimeout(late);
  }
}

const LATE: SmtpFailure & Error = Object.assign(new Error('late'), { code: 'ETIMEDOUT' });

function optionsOf({ host, port, tls }: MailServer): ConstructorParameters<typeof SmtpConnection>[0] {
  return {
    host,
    port,
    secure: tls === 'always',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'never',
    connectionTimeout: STEP_MS,
    greetingTimeout: STEP_MS,
    socketTimeout: STEP_MS,
    dnsTimeout: STEP_MS,
    socketCloseTimeout: 0,
    maxResponseSize: LONGEST_ANSWER,
    logger: false,
  };
}

/** The codes of Node for a certificate or a handshake that is not right. */
const IS_OF_TLS = /CERT|_SSL_|_TLS_|UNABLE_TO_VERIFY/;

function explain(failure: SmtpFailure, { host, port }: MailServer): UndeliveredError {
  const { command = '', responseCode, permanent, originalCode = '' } = failure;
  const code = IS_OF_TLS.test(originalCode) ? 'ETLS' : failure.code;
  const place = `${host}:${port}`;
  const answered = responseCode ? ` (it answered ${responseCode})` : '';
  const isOfMail = command === 'RCPT TO' || (command === 'DATA' && code === 'EMESSAGE');
  // The library refuses some addresses itself, such as one in letters that the mail server does not take.
  const isOfAddress = code === 'EENVELOPE' && command === 'API';
  if ((isOfMail && permanent) || isOfAddress)
    return new UndeliveredError(`The mail server refused this mail for good${answered}.`, failure, {
      isFinal: true,
    });
  switch (code) {
    case 'ETIMEDOUT':
      return new UndeliveredError(`The mail server at ${place} did not answer in time.`, failure);
    case 'EDNS':
      return new UndeliveredError(`The mail server's name ${host} was not found.`, failure);
    case 'ETLS':
      return new UndeliveredError(
        `There is no trusted encryption with the mail server at ${place}.`,
        failure,
      );
    case 'EAUTH':
    case 'ENOAUTH':
      return new UndeliveredError(
        `The mail server did not accept the user and password of SMTP_URL${answered}.`,
        failure,
      );
    case 'ECONNECTION':
    case 'ESOCKET':
      return new UndeliveredError(`The mail server at ${place} cannot be reached.`, failure);
    default:
      return new UndeliveredError(`The mail server did not take the mail${answered}.`, failure);
  }
}
