/** The flow of a device without a browser (RFC 8628): a code for the person, and asking until they have decided. */
import type { Context } from 'koa';
import { parseParameters } from '../../http/input/parameters.ts';
import { redirect } from '../../http/pages/redirect.ts';
import { NO_COOKIE, SESSION_GONE } from '../failure.ts';
import { DEVICE } from '../flows.ts';
import { type Demo, orShowProblem, showPage, showProblem, withOwnSession } from '../pages.ts';
import { DEVICE_STEPS, devicePage } from './device-page.ts';
import { askForCode, isWaiting, poll, pollWhenDue } from './device-sign-in.ts';

/** The page that does not load itself again. */
const BY_HAND = `${DEVICE.home}?by=hand`;

/**
 * `/demo/device`: the start, or a code and what came of it. While the device waits, the page loads itself again, and
 * each time the device asks; a visitor can stop that and ask with a button.
 */
export async function showDevice(ctx: Context, demo: Demo): Promise<void> {
  const { sessions, device: client } = demo;
  const device = sessions.find(ctx)?.device;
  const { started } = parseParameters(ctx.querystring);
  if (!device) {
    const gone = sessions.isGone(ctx);
    if (started !== undefined && !gone) return showProblem(ctx, NO_COOKIE, demo, DEVICE);
    const model = { steps: DEVICE_STEPS, notice: gone ? SESSION_GONE.message : undefined };
    return orShowProblem(ctx, demo, DEVICE, () =>
      showPage(ctx, demo, { flow: DEVICE, name: 'demo/device/start', model }),
    );
  }
  const byHand = isByHand(ctx);
  if (!byHand) await pollWhenDue(device, client);
  if (!byHand && isWaiting(device)) ctx.set('Refresh', `${device.intervalSeconds};url=${DEVICE.home}`);
  const model = { ...devicePage(device), byHand, byHandUrl: BY_HAND };
  await showPage(ctx, demo, { flow: DEVICE, name: 'demo/device/device', model });
}

/** Asks for a code. Another one takes the place of the last. */
export async function startDevice(ctx: Context, demo: Demo): Promise<void> {
  await orShowProblem(ctx, demo, DEVICE, async () => {
    const device = await askForCode(demo.device);
    demo.sessions.open(ctx).device = device;
    // The page knows by `started` that the browser should have the cookie.
    redirect(ctx, isByHand(ctx) ? `${BY_HAND}&started` : `${DEVICE.home}?started`);
  });
}

/** Asks for the tokens, even if that is too soon. */
export async function checkNow(ctx: Context, demo: Demo): Promise<void> {
  await withOwnSession(ctx, demo, DEVICE, async ({ device }) => {
    if (!device) return showProblem(ctx, SESSION_GONE, demo, DEVICE);
    await poll(device, demo.device);
    redirect(ctx, `${isByHand(ctx) ? BY_HAND : DEVICE.home}#poll`);
  });
}

function isByHand(ctx: Context): boolean {
  return parseParameters(ctx.querystring).by === 'hand';
}
