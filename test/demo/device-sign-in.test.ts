import { ResponseBodyError } from 'openid-client';
import type { DeviceClient } from '../../src/demo/device/device-client.ts';
import { type DeviceSignIn, isWaiting, poll, pollWhenDue } from '../../src/demo/device/device-sign-in.ts';
import { Unreachable } from '../../src/demo/requests/exchange.ts';

const TOKENS = { accessToken: 'access', refreshToken: 'refresh', idToken: 'id' };

/** A code for which the device last asked some seconds ago. */
function aDevice(secondsAgo: number): DeviceSignIn {
  const code = {
    deviceCode: 'device-code',
    userCode: 'BCDF-GHJK',
    verificationUri: 'http://localhost/auth/device',
    verificationUriComplete: 'http://localhost/auth/device?user_code=BCDF-GHJK',
    intervalSeconds: 5,
    expiresInSeconds: 600,
  };
  const lastMs = performance.now() - secondsAgo * 1000;
  return { code, codeRequest: undefined, intervalSeconds: 5, polls: 0, lastMs };
}

/** A server that gives these answers, the last one for ever. */
function serverWith(...answers: (Error | typeof TOKENS)[]): DeviceClient {
  let next = 0;
  return {
    askForCode: () => Promise.reject(new Error('not asked')),
    async poll() {
      const answer = answers[Math.min(next, answers.length - 1)] ?? TOKENS;
      next += 1;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
}

function refusal(error: string): ResponseBodyError {
  return new ResponseBodyError(error, { cause: { error }, response: new Response(null, { status: 400 }) });
}

describe('a device that asks for its tokens', () => {
  it('waits for the interval, and then asks', async () => {
    const [early, due] = [aDevice(1), aDevice(5)];
    await pollWhenDue(early, serverWith(TOKENS));
    await pollWhenDue(due, serverWith(TOKENS));

    expect({ early: early.polls, due: due.polls, tokens: due.tokens }).toEqual({
      early: 0,
      due: 1,
      tokens: TOKENS,
    });
  });

  it('waits five seconds longer after each slow_down', async () => {
    const device = aDevice(0);
    const server = serverWith(refusal('slow_down'), refusal('slow_down'), refusal('authorization_pending'));
    for (let n = 0; n < 3; n += 1) await poll(device, server);

    expect({ interval: device.intervalSeconds, waiting: isWaiting(device) }).toEqual({
      interval: 15,
      waiting: true,
    });
  });

  it('asks once where two pages ask at the same time, and never again after the tokens', async () => {
    const device = aDevice(0);
    const server = serverWith(TOKENS, refusal('invalid_grant'));
    await Promise.all([poll(device, server), poll(device, server)]);
    await poll(device, server);

    expect({ polls: device.polls, tokens: device.tokens }).toEqual({ polls: 1, tokens: TOKENS });
  });

  it.each(['access_denied', 'expired_token', 'invalid_grant', 'invalid_client'])(
    'stops after %s',
    async (error) => {
      const device = aDevice(0);
      await poll(device, serverWith(refusal(error)));
      await poll(device, serverWith(TOKENS));

      expect({ polls: device.polls, waiting: isWaiting(device) }).toEqual({ polls: 1, waiting: false });
    },
  );

  it('asks on while nobody answers', async () => {
    const device = aDevice(0);
    await poll(device, serverWith(new Unreachable('http://localhost:9/auth/token', undefined)));
    expect({ code: device.latest?.failure?.code, waiting: isWaiting(device) }).toEqual({
      code: 'issuer_unreachable',
      waiting: true,
    });
    await poll(device, serverWith(TOKENS));
    expect(device.tokens).toEqual(TOKENS);
  });
});
