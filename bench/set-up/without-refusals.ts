/**
 * A module that the benchmark loads into a server that runs its sources (`node --import`): that server records no refusal.
 * It is a file of the benchmark alone: no setting of the server leads to it.
 */
import { registerHooks } from 'node:module';

const NOTHING = `
  export const recordRefusals = () => () => {};
  export const unreadListener = () => () => {};`;

registerHooks({
  load(url, context, next) {
    if (!url.endsWith('/src/app/record-refusals.ts')) return next(url, context);
    return { format: 'module', shortCircuit: true, source: NOTHING };
  },
});
