import { claimsInScopes, claimsOf } from '../../src/accounts/claims.ts';
import type { Person } from '../../src/accounts/person.ts';

const WORKER: Person = {
  id: 'user-unique-id',
  instanceId: 'demo',
  email: 'john.doe@yourapp.com',
  emailVerified: true,
  name: 'John Doe',
  firstName: 'John',
  lastName: 'Doe',
  workerProfileId: 'worker-123',
  updatedAt: 1_795_000_000,
  workerIds: ['worker-1', 'worker-2'],
  userIds: [{ id: 'user-789', clientId: 'client-xyz' }],
};

describe('the claims of a person', () => {
  it('are everything the guide names, under its names', () => {
    expect(claimsOf(WORKER)).toEqual({
      name: 'John Doe',
      firstName: 'John',
      lastName: 'Doe',
      given_name: 'John',
      family_name: 'Doe',
      updated_at: 1_795_000_000,
      email: 'john.doe@yourapp.com',
      email_verified: true,
      preferred_username: 'john.doe@yourapp.com',
      workerProfileId: 'worker-123',
      workerIds: ['worker-1', 'worker-2'],
      userIds: [{ id: 'user-789', clientId: 'client-xyz' }],
    });
  });

  it('leave out what is not known, and say nothing of how an absent address was verified', () => {
    const stranger: Person = {
      ...WORKER,
      email: null,
      name: null,
      firstName: null,
      lastName: null,
      workerProfileId: null,
      workerIds: [],
      userIds: [],
    };
    expect(claimsOf(stranger)).toEqual({ updated_at: 1_795_000_000, workerIds: [], userIds: [] });
  });

  it('give a user name, the e-mail address, only with both scopes', () => {
    const namesIn = (...scopes: string[]) =>
      Object.keys(claimsInScopes(WORKER, scopes)).filter((name) => name === 'preferred_username');
    expect(namesIn('openid', 'profile')).toEqual([]);
    expect(namesIn('openid', 'email')).toEqual([]);
    expect(namesIn('openid', 'email', 'profile')).toEqual(['preferred_username']);
  });

  it('say that an address is not verified', () => {
    expect(claimsOf({ ...WORKER, emailVerified: false })).toMatchObject({ email_verified: false });
  });

  it('do not contain what identifies the person inside this server', () => {
    expect(Object.keys(claimsOf(WORKER))).not.toEqual(expect.arrayContaining(['id', 'instanceId']));
  });
});
