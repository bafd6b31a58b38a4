import type { ReasonText } from '../reason-text.ts';

/** A sign-in on a device: its request, and the page for its code. */
export const DEVICE_REASONS = {
  'device.grant_not_allowed': {
    sentence: 'The client may not sign people in on a device.',
    remedy: 'Have urn:ietf:params:oauth:grant-type:device_code added to the client’s grant_types.',
  },
  'user_code.unknown': {
    sentence: 'Nobody knows the code that was typed: it has a typing error, or is of another server.',
    remedy: 'Compare it with the one that the device shows.',
  },
  'user_code.expired': {
    sentence: 'The code was typed after its time.',
    remedy: 'Let the device show a new one. It may do so by itself as soon as it is told expired_token.',
  },
  'user_code.used': {
    sentence: 'The code was used before.',
    remedy: 'Let the device show a new one for each sign-in.',
  },
  'user_code.interrupted': {
    sentence: 'The page was open for too long, or its form came from another browser.',
    remedy: 'Type the code again.',
  },
  'user_code.cancelled': {
    sentence: 'The person cancelled: nobody is signed in on the device.',
    remedy: 'Let the device begin again when the person wants to.',
  },
} as const satisfies Record<string, ReasonText>;
