import { createOutboundFetch, OutboundRefused } from '../../platform/network/outbound-fetch.ts';
import { type Check, notChecked, seen } from './finding.ts';

/** The first five digits of the SHA-1 of a password that everybody knows. */
const A_RANGE = '21BD1';

export const outboundCheck: Check = {
  name: 'outbound',
  async run({ settings }) {
    if (!settings) return notChecked('the configuration is wrong');
    const { rangeUrl, outbound } = settings;
    if (rangeUrl === undefined) return notChecked('no PASSWORD_RANGE_URL is set');
    const problem = await problemOf(rangeUrl, createOutboundFetch(outbound));
    return seen(
      [
        problem === undefined
          ? undefined
          : {
              name: 'outbound.password_range',
              sentence: `PASSWORD_RANGE_URL does not answer as it should: ${problem}. New passwords are judged without it.`,
              remedy:
                'Let this machine reach it by https, through the firewall. If its address is not public, list its network in OUTBOUND_NETWORKS.',
            },
      ],
      [new URL(rangeUrl).host],
    );
  },
};

async function problemOf(
  rangeUrl: string,
  fetch: ReturnType<typeof createOutboundFetch>,
): Promise<string | undefined> {
  try {
    const { status } = await fetch(`${rangeUrl}/${A_RANGE}`);
    return status === 200 ? undefined : `it answered ${status}`;
  } catch (error) {
    if (error instanceof OutboundRefused) return error.message.replace(/\.$/, '');
    const { cause, name } = error as Error;
    return (cause as { code?: string } | undefined)?.code ?? name;
  }
}
