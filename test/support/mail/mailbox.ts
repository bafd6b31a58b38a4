import type { ComposedMail } from '../../../src/mail/compose-mail.ts';
import type { TestServer } from '../servers/test-server.ts';

/** A mail as its reader uses it. */
export interface ReadMail extends ComposedMail {
  link: string;
  code: string;
}

/** The mails that people would get, the newest first. */
export async function readMails({
  services: { outgoingMail, composeMail, database },
}: Pick<TestServer, 'services'>): Promise<ReadMail[]> {
  const queued = await outgoingMail.list(database.knex, 50);
  const composed = await Promise.all(queued.map(({ mail }) => composeMail(mail)));
  return composed.flatMap((mail) =>
    mail
      ? [
          {
            ...mail,
            link: /https?:\/\/\S+\/recovery\/\S+/.exec(mail.text)?.[0] ?? '',
            code: /type this code: (\S+)/.exec(mail.text)?.[1] ?? '',
          },
        ]
      : [],
  );
}
