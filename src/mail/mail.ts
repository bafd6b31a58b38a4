/**
 * Mail to people: what it says (`templates/`), how it gets into the outbox, and how the outbox hands it to a mail server.
 * `links/` has the links and codes that people get by it. A queued mail is sealed, so that no link in it works for a
 * thief of the database.
 */

/** The mails there are, and what each needs to know. */
interface Templates {
  reset: { link: string; code: string };
  invitation: { link: string };
  /** To the new address of a person. */
  address_new: { link: string; code: string; address: string };
  /** To the address that is to be replaced, which may say no. */
  address_old: { link: string; code: string; address: string };
  address_changed: { address: string };
  password_changed: Record<never, string>;
  factor_added: { what: string };
  factor_removed: { what: string };
}

export type TemplateName = keyof Templates;

/** A mail that waits. It is written when it is sent, with the names and the look of that moment. */
export type Mail = {
  [Name in TemplateName]: {
    template: Name;
    /** Nobody gets a mail to `null`, nor one to a person who is disabled by then. */
    personId: string | null;
    /** By default, the address that the person has when it is sent. */
    to?: string;
    data: Templates[Name];
  };
}[TemplateName];

/** The kind of these deliveries. */
export const MAIL = 'mail';
