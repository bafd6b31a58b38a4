/**
 * A server process loads this first (`--import`). It moves the process's clock by CLOCK_SHIFT_SECONDS: every `Date`,
 * of our code and the libraries, shows the time of a machine with a wrong clock.
 */
const shiftMs = Number(process.env.CLOCK_SHIFT_SECONDS) * 1000;
const RealDate = Date;
const now = () => RealDate.now() + shiftMs;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, given, newTarget) =>
    Reflect.construct(
      target,
      given.length === 0 ? [now()] : given,
      newTarget === ShiftedDate() ? target : newTarget,
    ),
  apply: () => new RealDate(now()).toString(),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});

function ShiftedDate(): DateConstructor {
  return globalThis.Date;
}
