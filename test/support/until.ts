import { setTimeout as pause } from 'node:timers/promises';
import { Refusal } from '../../scripts/installed-postgres.ts';

/** Asks again until it is so. @throws Refusal when it was not within the time, saying what was waited for. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Refusal(`Waited ${withinMs / 1000} s in vain: ${what}.`);
    await pause(20);
  }
}
