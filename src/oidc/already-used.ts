import { errors } from 'oidc-provider';

/** Thrown by `consume` to all but the first. */
export class AlreadyUsed extends errors.InvalidGrant {
  constructor() {
    super('already used');
    this.error_description = 'Already used';
  }
}
