import { decoded, exchangeView } from '../requests/request-views.ts';
import { type DeviceSignIn, isWaiting } from './device-sign-in.ts';

export const DEVICE_STEPS = [
  { id: 'code', title: 'Ask for a code' },
  { id: 'person', title: 'Show it to the person' },
  { id: 'poll', title: 'Ask until they have decided' },
  { id: 'tokens', title: 'Get the tokens' },
] as const;

/** The meaning of each answer to a device that asks (RFC 8628 section 3.5). */
const ANSWERS = [
  {
    code: 'authorization_pending',
    meaning: 'Nobody has decided yet. Ask again when the interval has passed.',
  },
  { code: 'slow_down', meaning: 'That was too soon. From now on, wait five seconds longer each time.' },
  { code: 'access_denied', meaning: 'The person said no. Stop.' },
  { code: 'expired_token', meaning: 'The code is too old. Stop, and show a new one.' },
] as const;

/** The content of the template for a code. */
export function devicePage(device: DeviceSignIn): Record<string, unknown> {
  const { code, codeRequest, intervalSeconds, polls, latest, tokens } = device;
  const waiting = isWaiting(device);
  const idToken = tokens && decoded(tokens.idToken);
  const failure = latest?.failure;
  return {
    waiting,
    name: idToken && (idToken.claims.name ?? idToken.claims.sub),
    steps: DEVICE_STEPS.map((step) => ({ ...step, state: stateOf(step.id, { waiting, done: !!tokens }) })),
    code,
    minutes: Math.round(code.expiresInSeconds / 60),
    codeRequest: codeRequest && exchangeView(codeRequest),
    intervalSeconds,
    polls,
    latest: latest?.exchange && exchangeView(latest.exchange),
    failure,
    explained: ANSWERS.some((answer) => answer.code === failure?.code),
    answers: ANSWERS.map((answer) => ({ ...answer, current: answer.code === failure?.code })),
    idToken,
  };
}

function stateOf(
  id: (typeof DEVICE_STEPS)[number]['id'],
  { waiting, done }: { waiting: boolean; done: boolean },
): string {
  if (id === 'code' || done) return 'done';
  if (waiting) return id === 'person' ? 'next' : 'todo';
  return { person: 'done', poll: 'failed', tokens: 'todo' }[id];
}
