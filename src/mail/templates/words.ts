import type { Mail } from '../mail.ts';

/** The words of a mail, for both of its forms. */
export interface MailWords {
  subject: string;
  heading: string;
  /** The name of the person, if it is known. */
  greeting: string;
  paragraphs: readonly string[];
  button?: { text: string; link: string };
  code?: string;
  /** Under a line: what the person has to know, or do, if it was not them. */
  notes: readonly string[];
}

interface Names {
  instance: string;
  person: string | null;
}

const LIVES = 'The link and the code work once, for 30 minutes.';
const NOT_YOU = 'If that was not you, ignore this mail. Nothing changes.';
const WARNING = 'If that was not you, set a new password now, and tell whoever helps you with';
const WHERE =
  'The link works in the browser in which you asked. Anywhere else, type the code there. Nobody will ever ask you for it.';

/** Every sentence of every mail. */
export function wordsOf(mail: Mail, { instance, person }: Names): MailWords {
  const greeting = person === null ? 'Hello,' : `Hello ${person},`;
  switch (mail.template) {
    case 'reset':
      return {
        subject: `Set a new password for ${instance}`,
        heading: 'Set a new password',
        greeting,
        paragraphs: [`Somebody, perhaps you, asked to set a new password for ${instance}. ${LIVES}`],
        button: { text: 'Set a new password', link: mail.data.link },
        code: mail.data.code,
        notes: [WHERE, NOT_YOU],
      };
    case 'invitation':
      return {
        subject: `Your account at ${instance}`,
        heading: `Welcome to ${instance}`,
        greeting,
        paragraphs: [
          `There is an account for you at ${instance}. Choose a password, and you can sign in with this email address.`,
        ],
        button: { text: 'Choose a password', link: mail.data.link },
        notes: [
          'The link works once, for 30 minutes. After that, its page sends you a new one, for seven days.',
          'If you expected no account, ignore this mail.',
        ],
      };
    case 'address_new':
      return {
        subject: `Confirm this email address for ${instance}`,
        heading: 'Confirm this email address',
        greeting,
        paragraphs: [
          `You asked to use ${mail.data.address} for your account at ${instance}. Confirm that this address is yours. ${LIVES}`,
        ],
        button: { text: 'Confirm this address', link: mail.data.link },
        code: mail.data.code,
        notes: [WHERE, NOT_YOU],
      };
    case 'address_old':
      return {
        subject: `Somebody wants to change your email address at ${instance}`,
        heading: 'Is this change yours?',
        greeting,
        paragraphs: [
          `Somebody who is signed in as you at ${instance} wants to use ${mail.data.address} instead of this address. Nothing changes before you confirm it here, too.`,
          'The same page stops the change, in any browser.',
        ],
        button: { text: 'Confirm or stop the change', link: mail.data.link },
        code: mail.data.code,
        notes: [WHERE, `${WARNING} ${instance}.`],
      };
    case 'address_changed':
      return {
        subject: `Your email address at ${instance} was changed`,
        heading: 'Your email address was changed',
        greeting,
        paragraphs: [`Your account at ${instance} now has the address ${mail.data.address}.`],
        notes: [`If that was not you, tell whoever helps you with ${instance} at once.`],
      };
    case 'password_changed':
      return {
        subject: `Your password for ${instance} was changed`,
        heading: 'Your password was changed',
        greeting,
        paragraphs: [
          `Your account at ${instance} has a new password. Everybody who was signed in to it was signed out.`,
        ],
        notes: [`${WARNING} ${instance}.`],
      };
    case 'factor_added':
      return {
        subject: `A new way to sign in to ${instance}`,
        heading: 'A new way to sign in',
        greeting,
        paragraphs: [`Your account at ${instance} can now be used with ${mail.data.what}.`],
        notes: [`${WARNING} ${instance}.`],
      };
    case 'factor_removed':
      return {
        subject: `A way to sign in to ${instance} was removed`,
        heading: 'A way to sign in was removed',
        greeting,
        paragraphs: [`Your account at ${instance} can no longer be used with ${mail.data.what}.`],
        notes: [`${WARNING} ${instance}.`],
      };
  }
}
