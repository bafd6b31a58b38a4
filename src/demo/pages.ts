import type { Context } from 'koa';
import { readForm } from '../http/input/body.ts';
import type { Csrf } from '../http/pages/csrf.ts';
import type { Views } from '../http/pages/views.ts';
import { logFacts } from '../http/records/log-fields.ts';
import { HttpError } from '../platform/errors.ts';
import type { DemoSession, DemoSessions } from './demo-session.ts';
import type { DeviceClient } from './device/device-client.ts';
import { explainFailure, type Failure, NOT_REGISTERED, OLD_FORM, SESSION_GONE } from './failure.ts';
import type { Flow, Offers } from './flows.ts';
import type { RelyingParty } from './relying-party.ts';
import type { ListnrConsumer } from './web/listnr-consumer.ts';

/** The parts that all pages of the demo use. */
export interface Demo {
  issuer: string;
  listnrIssuer: string;
  /** Whether `/demo/mail` has the mail that people would get. */
  showsMail: boolean;
  offers: Offers;
  views: Views;
  csrf: Csrf;
  sessions: DemoSessions;
  web: RelyingParty;
  consent: RelyingParty;
  device: DeviceClient;
  listnr: ListnrConsumer;
}

/** Shows a page of a flow, with the ways to the others that are registered. */
export async function showPage(
  ctx: Context,
  demo: Demo,
  { flow, name, model }: { flow: Flow; name: string; model: Record<string, unknown> },
): Promise<void> {
  const { issuer, showsMail, offers, views, sessions, csrf } = demo;
  const session = sessions.find(ctx);
  views.render(ctx, name, {
    ...model,
    flow,
    flows: await offers(),
    showsMail,
    startUrl: startUrl(issuer, flow),
    csrf: session && csrf.token(csrfBinding(session)),
  });
}

/** Shows an error and the ways on: to the flow's page, and to its beginning. */
export async function showProblem(ctx: Context, failure: Failure, demo: Demo, flow: Flow): Promise<void> {
  ctx.status = failure.status;
  logFacts(ctx.req, { error: failure.code, detail: failure.message });
  const { signedIn, consent, device } = demo.sessions.find(ctx) ?? {};
  const goesOn = { web: signedIn, consent, device }[flow.id] !== undefined;
  const model = { ...failure, goesOn, begins: failure !== NOT_REGISTERED };
  await showPage(ctx, demo, { flow, name: 'demo/problem', model });
}

/** Runs `work` for a client that is registered, and shows its failure if a request was refused. */
export async function orShowProblem(
  ctx: Context,
  demo: Demo,
  flow: Flow,
  work: () => Promise<void>,
): Promise<void> {
  if (!(await demo.offers()).includes(flow)) return showProblem(ctx, NOT_REGISTERED, demo, flow);
  try {
    await work();
  } catch (error) {
    await showProblem(ctx, explainFailure(error), demo, flow);
  }
}

/** Runs `work` on the session to which the submitted form belongs. Otherwise, it shows why not. */
export async function withOwnSession(
  ctx: Context,
  demo: Demo,
  flow: Flow,
  work: (session: DemoSession) => Promise<void>,
): Promise<void> {
  const { sessions, csrf } = demo;
  const session = sessions.find(ctx);
  if (!session) return showProblem(ctx, SESSION_GONE, demo, flow);
  try {
    csrf.check((await readForm(ctx.req)).csrf, csrfBinding(session));
  } catch (error) {
    if (!(error instanceof HttpError) || error.status !== 403) throw error;
    return showProblem(ctx, OLD_FORM, demo, flow);
  }
  await work(session);
}

/** Binds a form to this session. */
function csrfBinding(session: DemoSession): string {
  return `demo:${session.id}`;
}

/** A whole address: a visitor at 127.0.0.1 needs the cookie at the issuer's origin, where the answer will arrive. */
function startUrl(issuer: string, { start }: Flow): string {
  return `${issuer}${start}`;
}
