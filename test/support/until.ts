/** Asks again until it is so. @throws when it was not within the time, saying what was waited for. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Waited ${withinMs} ms in vain for: ${what}`);
    await new Promise((tick) => setTimeout(tick, 20));
  }
}
