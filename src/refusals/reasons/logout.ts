import type { ReasonText } from '../reason-text.ts';

/** Signing out, and links that begin a sign-in. */
export const LOGOUT_REASONS = {
  'logout.return_not_registered': {
    sentence:
      'The client has not registered this post_logout_redirect_uri. Addresses are compared letter by letter.',
    remedy: 'Send a registered address exactly as it is registered, or have this one registered.',
  },
  'logout.hint_of_another_client': {
    sentence: 'The id_token_hint was given to another client than client_id names.',
    remedy: 'Send the client’s own ID token, or leave client_id out.',
  },
  'logout.nothing_ended': {
    sentence:
      'The request has no cookie of somebody who is signed in, and its hint names no session that goes on.',
    remedy: 'Send the person’s browser to the address, or an id_token_hint that has a sid.',
  },
  'logout.instance_missing': {
    sentence: 'The form does not say where to sign out.',
    remedy: 'Open the page again, and send its form from there.',
  },
  'start.nowhere_to_begin': {
    sentence: 'The client has no initiate_login_uri, so no link from elsewhere begins a sign-in.',
    remedy: 'Have the address at which the application begins a sign-in registered as initiate_login_uri.',
  },
  'start.target_not_registered': {
    sentence: 'The client has not registered this target_link_uri. Addresses are compared letter by letter.',
    remedy:
      'Link to a registered address exactly as it is registered, or have this one added to target_link_uris.',
  },
  'start.login_hint_too_long': {
    sentence: 'The login_hint of the link is longer than 512 bytes.',
    remedy: 'Send an e-mail address or a short identifier.',
  },
} as const satisfies Record<string, ReasonText>;
