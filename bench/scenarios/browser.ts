import { join } from 'node:path';
import { authorizations, REDIRECTED, redirectStatus } from '../load/material.ts';
import { writeRequests } from '../load/request.ts';
import { typedPasswords } from '../set-up/sign-in.ts';
import type { Scenario } from './scenario.ts';

/** A signed-in person comes from another application, and goes back with a code without seeing a page. */
export const singleSignOn: Scenario = {
  name: 'single-sign-on',
  title: 'Authorize with a session',
  limit: { of: 'signatures', each: 1 },
  general: true,
  async prepare({ target, folder }) {
    const requests = join(folder, 'authorize.requests');
    writeRequests(requests, authorizations(target));
    const status = await redirectStatus(target);
    return { requests, order: 'loop', expected: { status, ...REDIRECTED } };
  },
};

/** Only the request that sends the password. The pages before it and the redirect after it do not count. */
export const passwordSignIn: Scenario = {
  name: 'password-sign-in',
  title: 'Password sign-in',
  limit: { of: 'hashes' },
  general: false,
  perishable: true,
  async prepare({ target, folder }, count) {
    const requests = join(folder, 'sign-in.requests');
    writeRequests(requests, await typedPasswords(target, count));
    const back = { place: 'location', marker: '/auth/authorize/' } as const;
    return { requests, order: 'once', expected: { status: 303, ...back } };
  },
};
