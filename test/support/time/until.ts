import { setTimeout as pause } from 'node:timers/promises';
import { Refusal } from '../../../scripts/refusal.ts';

/** Repeats the question until the answer is true. @throws Refusal with `what`, when time runs out. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 60_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Refusal(`Waited ${withinMs / 1000} s in vain: ${what}.`);
    await pause(20);
  }
}
