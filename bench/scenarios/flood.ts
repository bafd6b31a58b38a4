import { Refusal } from '../../scripts/refusal.ts';
import type { Workshop } from '../load/material.ts';
import { typedPasswords } from '../set-up/sign-in.ts';
import { listnrClientCredentials } from './listnr.ts';
import type { Flood, Scenario } from './scenario.ts';

/** Wrong passwords that are under way at any moment. */
const GUESSERS = 24;

/** Wrong passwords, while a service asks for tokens: hashes must not wait in front of signatures. */
export const listnrDuringFlood: Scenario = {
  ...listnrClientCredentials,
  name: 'listnr-during-flood',
  title: 'LiSTNR, during a flood of wrong passwords',
  target: { kind: 'slowdown', atMost: 3 },
  flood: guessPasswords,
};

async function guessPasswords({ target }: Workshop): Promise<Flood> {
  const forms = await typedPasswords(target, GUESSERS);
  let stopped = false;
  const guess = async ({ url, headers = {}, form = {} }: (typeof forms)[number]) => {
    const body = new URLSearchParams({ ...form, password: 'wrong' });
    const address = new URL(new URL(url).pathname, target.base);
    while (!stopped) {
      const answer = await fetch(address, { method: 'POST', headers, body, redirect: 'manual' });
      await answer.text();
      if (answer.status !== 401) throw new Refusal(`A guess was answered with ${answer.status}.`);
    }
  };
  const guessers = forms.map(guess);
  return {
    async stop() {
      stopped = true;
      await Promise.all(guessers);
    },
  };
}
