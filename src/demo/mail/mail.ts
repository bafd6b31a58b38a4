/**
 * The mail of a server that sends none, on a page, so that a newcomer sees what people get. The route exists only in
 * development.
 */
import type Router from '@koa/router';
import type { Context } from 'koa';
import type { Views } from '../../http/pages/views.ts';
import { createRouter } from '../../http/routing.ts';
import { HttpError } from '../../platform/errors.ts';

/** A mail as somebody would get it. */
interface ReceivedMail {
  id: string;
  queuedAt: Date;
  to: string;
  subject: string;
  text: string;
  html: string;
}

export interface Mailbox {
  /** The newest first. */
  list(): Promise<readonly ReceivedMail[]>;
  find(id: string): Promise<ReceivedMail | undefined>;
}

export function demoMailRoutes({ mailbox, views }: { mailbox: Mailbox; views: Views }): Router {
  const router = createRouter();
  router.get('/demo/mail', async (ctx) =>
    views.render(ctx, 'demo/mail/mails', { mails: (await mailbox.list()).map(shown) }),
  );
  router.get('/demo/mail/:id', async (ctx) => {
    const mail = await findMail(ctx, mailbox);
    views.render(ctx, 'demo/mail/mail', { ...shown(mail), parts: partsOf(mail.text) });
  });
  router.get('/demo/mail/:id/html', async (ctx) => showHtml(ctx, await findMail(ctx, mailbox)));
  return router;
}

/** Our columns of numbers hold no larger ones. */
const NUMBER = /^[1-9][0-9]{0,17}$/;

async function findMail({ params: { id } }: Context, mailbox: Mailbox): Promise<ReceivedMail> {
  const mail = NUMBER.test(id) ? await mailbox.find(id) : undefined;
  if (!mail) throw new HttpError({ status: 404, code: 'not_found', message: 'There is no such mail.' });
  return mail;
}

/**
 * A mail's own styles are inline, so this page may have such. In exchange it is in a sandbox of its own origin, in
 * which nothing runs and no form is sent.
 */
function showHtml(ctx: Context, { html }: ReceivedMail): void {
  ctx.set('Cache-Control', 'no-store');
  ctx.set(
    'Content-Security-Policy',
    "default-src 'none';style-src 'unsafe-inline';base-uri 'none';form-action 'none';frame-ancestors 'none';sandbox allow-top-navigation",
  );
  // The sandbox has an origin of its own already.
  ctx.remove('Origin-Agent-Cluster');
  ctx.type = 'html';
  ctx.body = html;
}

function shown({ id, queuedAt, to, subject }: ReceivedMail) {
  return { id, to, subject, at: `${queuedAt.toISOString().slice(0, 19).replace('T', ' ')} UTC` };
}

/** A text with its links apart. */
function partsOf(text: string): { text: string; isLink: boolean }[] {
  return text
    .split(/(https?:\/\/\S+)/)
    .map((part, n) => ({ text: part, isLink: n % 2 === 1 }))
    .filter((part) => part.text !== '');
}
