/** The flow of a client that needs the person's consent: asking, both answers, and asking again. */
import type { Context } from 'koa';
import { AuthorizationResponseError } from 'openid-client';
import { parseParameters } from '../../http/input/parameters.ts';
import { redirect } from '../../http/pages/redirect.ts';
import { explainFailure, SESSION_GONE } from '../failure.ts';
import { CONSENT } from '../flows.ts';
import { type Demo, orShowProblem, showPage } from '../pages.ts';
import type { Exchange } from '../requests/exchange.ts';
import { finishSignIn, startSignIn } from '../sign-in.ts';
import { CONSENT_STEPS, consentPage } from './consent-page.ts';

/** `/demo/consent`: the start, or what came of asking. */
export async function showConsent(ctx: Context, demo: Demo): Promise<void> {
  const story = demo.sessions.find(ctx)?.consent;
  if (story)
    return showPage(ctx, demo, { flow: CONSENT, name: 'demo/consent/consent', model: consentPage(story) });
  const notice = demo.sessions.isGone(ctx) ? SESSION_GONE.message : undefined;
  const model = { steps: CONSENT_STEPS, notice };
  await orShowProblem(ctx, demo, CONSENT, () =>
    showPage(ctx, demo, { flow: CONSENT, name: 'demo/consent/start', model }),
  );
}

/** Insists on the page, unless the visitor wants to see that an answer is remembered. */
export async function startConsent(ctx: Context, demo: Demo): Promise<void> {
  const isRemembered = parseParameters(ctx.querystring).ask === 'once';
  const prompt = isRemembered ? undefined : 'consent';
  await startSignIn(ctx, demo, { flow: CONSENT, party: demo.consent, prompt });
}

/** Both answers are part of the story; other failures are problems. */
export async function finishConsent(ctx: Context, demo: Demo): Promise<void> {
  const { consent: party, sessions } = demo;
  await finishSignIn(ctx, demo, { flow: CONSENT, party }, async (session, pending, answer) => {
    const record: Exchange[] = [];
    const story = {
      authorization: { request: pending.url, answer: Object.fromEntries(answer.searchParams) },
      insisted: new URL(pending.url).searchParams.has('prompt'),
      allowedBefore: session.consent?.tokens !== undefined,
    };
    try {
      const tokens = await party.finishSignIn(answer, pending, record);
      sessions.renew(ctx, session, { consent: { ...story, tokens, codeExchange: record[0] } });
    } catch (error) {
      if (!(error instanceof AuthorizationResponseError)) throw error;
      session.consent = { ...story, failure: explainFailure(error) };
    }
    redirect(ctx, CONSENT.home);
  });
}
