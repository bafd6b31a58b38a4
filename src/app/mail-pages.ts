import type Router from '@koa/router';
import type { Services } from '../compose.ts';
import { demoMailRoutes, type Mailbox } from '../demo/mail/mail.ts';
import type { QueuedMail } from '../mail/outgoing-mail-store.ts';
import { recoveryRoutes } from '../recovery/routes.ts';

/** The newest mails that the page of the demo shows. */
const MOST_MAILS = 50;

/** The pages of a server that sends mail, and the one with the mail of a server that sends none. */
export function mailPages(services: Services): Router[] {
  const { issuer, failuresPerMinute, mail } = services.config;
  return mail ? [recoveryRoutes({ ...services, issuer, failuresPerMinute }), ...demoMail(services)] : [];
}

function demoMail({ config, database, outgoingMail, composeMail, views }: Services): Router[] {
  if (config.mail?.by !== 'demo') return [];
  const composed = async ({ id, queuedAt, mail }: QueuedMail) => {
    const written = await composeMail(mail);
    return written && { id, queuedAt, ...written };
  };
  const mailbox: Mailbox = {
    async list() {
      const mails = await Promise.all((await outgoingMail.list(database.knex, MOST_MAILS)).map(composed));
      return mails.filter((mail) => mail !== undefined);
    },
    async find(id) {
      const queued = await outgoingMail.find(database.knex, id);
      return queued && composed(queued);
    },
  };
  return [demoMailRoutes({ mailbox, views })];
}
