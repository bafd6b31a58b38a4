/**
 * Loaded into a server by `--import`, before its own code. A request whose header `x-instant` names an instant of its
 * answer and a deed, such as `first-signature fail`, meets that deed there. So the server itself needs no code for it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import crypto from 'node:crypto';
import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';

/** The instants of an answer that lie in the process. */
type Instant = 'arrived' | 'first-signature' | 'second-signature' | 'signed' | 'half-written';

interface Plan {
  instant: Instant;
  /** `kill 4` ends the process when four requests have come so far. */
  deed: 'fail' | 'cut' | 'kill';
  together: number;
  signatures: number;
}

const plans = new AsyncLocalStorage<Plan>();
let waiting = 0;

/** The plan of the present request, if this is its instant. */
function planAt(instant: Instant): Plan | undefined {
  const plan = plans.getStore();
  return plan?.instant === instant ? plan : undefined;
}

/** Ends the process when all requests that shall be under way are here. */
function killOnceAllAreHere({ together }: Plan): void {
  waiting += 1;
  if (waiting === together) process.kill(process.pid, 'SIGKILL');
}

const { emit } = http.Server.prototype as { emit(event: string | symbol, ...values: unknown[]): boolean };
http.Server.prototype.emit = function (this: http.Server, event: string | symbol, ...values: unknown[]) {
  const pass = () => emit.call(this, event, ...values);
  const asked =
    event === 'request' ? (values[0] as http.IncomingMessage).headers['x-instant']?.toString() : undefined;
  if (asked === undefined) return pass();
  const [instant, deed, together] = asked.split(' ');
  const plan = { instant, deed, together: Number(together), signatures: 0 } as Plan;
  if (instant !== 'arrived') return plans.run(plan, pass);
  killOnceAllAreHere(plan);
  return true;
};

type SignWithCallback = (...values: unknown[]) => void;
const sign = crypto.sign as unknown as SignWithCallback;
crypto.sign = ((...values: unknown[]) => {
  const plan = plans.getStore();
  if (plan) plan.signatures += 1;
  const here = planAt(plan?.signatures === 1 ? 'first-signature' : 'second-signature');
  if (!here) return sign(...values);
  if (here.deed === 'kill') {
    killOnceAllAreHere(here);
    throw new Error('the process ends before this signature');
  }
  const done = values.at(-1);
  if (typeof done !== 'function') throw new Error('no signature today');
  process.nextTick(done as (error: Error) => void, new Error('no signature today'));
}) as unknown as typeof crypto.sign;
syncBuiltinESMExports();

const { end } = http.ServerResponse.prototype;
type End = typeof end;
http.ServerResponse.prototype.end = function (this: http.ServerResponse, ...values: unknown[]) {
  const whole = () => (end as (...all: unknown[]) => unknown).apply(this, values);
  const act = (plan: Plan) => {
    if (plan.deed === 'kill') return killOnceAllAreHere(plan);
    this.socket?.resetAndDestroy();
    whole();
  };
  const plan = plans.getStore();
  // Nobody hears of the signature at which the process ends.
  if (plan?.deed === 'kill' && plan.instant.endsWith('signature')) return this;
  const signed = planAt('signed');
  const half = planAt('half-written');
  if (signed) act(signed);
  else if (half) {
    const body = Buffer.from(String(values[0]));
    // The kernel has these bytes when the callback comes.
    this.write(body.subarray(0, body.length / 2), () => act(half));
  } else whole();
  return this;
} as End;
