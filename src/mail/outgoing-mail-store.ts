import type { Queryable } from '../platform/database.ts';
import type { SecretBox } from '../platform/secrets/secret-box.ts';
import { MAIL, type Mail } from './mail.ts';

/** The mails in the outbox. */
export interface OutgoingMailStore {
  /** Whether this server sends mail. */
  readonly isSent: boolean;
  /** Queues a mail in the transaction that causes it. Where this server sends none, it does nothing. */
  queue(db: Queryable, mail: Mail): Promise<void>;
  /** The payload of a mail's delivery, for a statement that queues it with something else. */
  payloadOf(mail: Mail): Payload;
  /** @throws OperatorError when no key opens it. */
  open(payload: Readonly<Record<string, unknown>>): Mail;
  /** The newest first. */
  list(db: Queryable, limit: number): Promise<QueuedMail[]>;
  find(db: Queryable, id: string): Promise<QueuedMail | undefined>;
}

interface Payload {
  template: string;
  sealed: string;
}

export interface QueuedMail {
  id: string;
  queuedAt: Date;
  mail: Mail;
}

export function createOutgoingMailStore({
  box,
  isSent,
}: {
  box: SecretBox;
  /** Whether this server sends mail. */
  isSent: boolean;
}): OutgoingMailStore {
  const payloadOf = (mail: Mail): Payload => ({
    template: mail.template,
    sealed: box.seal(JSON.stringify(mail), MAIL),
  });
  const open = ({ sealed }: Readonly<Record<string, unknown>>): Mail =>
    JSON.parse(box.open(String(sealed), MAIL));
  const queued = (db: Queryable) =>
    db('deliveries').where({ kind: MAIL }).select('id', 'created_at', 'payload');
  const readRow = ({ id, created_at, payload }: { id: string; created_at: Date; payload: object }) => ({
    id: String(id),
    queuedAt: created_at,
    mail: open(payload as Record<string, unknown>),
  });

  return {
    isSent,
    async queue(db, mail) {
      if (isSent) await db('deliveries').insert({ kind: MAIL, payload: payloadOf(mail) });
    },
    payloadOf,
    open,
    async list(db, limit) {
      return (await queued(db).orderBy('id', 'desc').limit(limit)).map(readRow);
    },
    async find(db, id) {
      const [row] = await queued(db).where({ id });
      return row && readRow(row);
    },
  };
}
