import type { ReasonText } from '../reason-text.ts';

/** Requests that a person or a policy refuses, and requests without a person where one is needed. */
export const PERSON_REASONS = {
  'person.refused': {
    sentence: 'The person refused, or may not go on.',
    remedy: 'Tell the person that nothing was shared, and let them begin again.',
  },
  'person.cancelled': {
    sentence: 'The person cancelled signing in.',
    remedy: 'Let the person begin again when they want to.',
  },
  'person.refused_consent': {
    sentence: 'The person did not allow the application what it asked for.',
    remedy:
      'Ask for fewer scopes, or say in the application beforehand what they are for. The refusal is not remembered.',
  },
  'person.refused_upstream': {
    sentence: 'The person cancelled at their company’s sign-in service, or the service refused.',
    remedy:
      'Let the person begin again. If it comes back, their company’s administrator sees why in the service’s log.',
  },
  'person.not_the_one_asked_for': {
    sentence:
      'Somebody signed in who is not the person that the request asked for, or not recently enough for it.',
    remedy: 'Ask without id_token_hint, claims and max_age, if anybody will do.',
  },
  'consent.nothing_left': {
    sentence: 'Nothing of what the person allowed may be given to the client any more.',
    remedy: 'Compare the scopes of the request with those of the client’s registration.',
  },
  'session.none': {
    sentence: 'With prompt=none, nobody is signed in in this browser who could be answered for.',
    remedy:
      'Ask again without prompt=none. In a frame on a page of another site, browsers send no cookie: renew with a refresh token instead.',
  },
  'session.person_disabled': {
    sentence: 'With prompt=none, the person of this browser’s session may not sign in any more.',
    remedy: 'Ask again without prompt=none, so that somebody can sign in.',
    clientReads: 'session.none',
  },
  'session.too_old': {
    sentence: 'With prompt=none, the person signed in longer ago than max_age allows.',
    remedy: 'Ask again without prompt=none.',
  },
  'session.of_another_person': {
    sentence:
      'With prompt=none, another person is signed in than the request asks for by id_token_hint or claims.',
    remedy: 'Ask again without prompt=none, or without the hint.',
  },
  'session.factor_unproven': {
    sentence: 'With prompt=none, the person would have to prove another factor.',
    remedy: 'Ask again without prompt=none.',
  },
  'session.factor_missing': {
    sentence: 'With prompt=none, the person would have to set up another factor.',
    remedy: 'Ask again without prompt=none.',
  },
  'session.consent_needed': {
    sentence: 'With prompt=none, the person has not allowed yet what the application asks for.',
    remedy: 'Ask again without prompt=none. The person is asked once, and for new scopes again.',
  },
  'session.consent_needed_each_time': {
    sentence:
      'With prompt=none, the person would have to confirm, as for every sign-in of an installed application.',
    remedy:
      'Ask again without prompt=none, or use an https address, or have answer_silently set in the client’s registration.',
  },
  'session.person_needed': {
    sentence: 'With prompt=none, the person would have to be asked something.',
    remedy: 'Ask again without prompt=none.',
  },
  'acr.unproven': {
    sentence: 'With prompt=none, the session does not have the acr that the request needs.',
    remedy: 'Ask again without prompt=none.',
  },
  'acr.not_reached': {
    sentence: 'The person did not reach the essential acr of the request.',
    remedy: 'Ask for an acr that this server has, or not as essential.',
  },
  'sign_in.over': {
    sentence: 'The sign-in was open for too long, was already used, or belongs to another browser.',
    remedy: 'Begin again in the application. Never keep or share the address of a sign-in’s page.',
  },
  'cookies.blocked': {
    sentence: 'The browser keeps none of the cookies that signing in needs.',
    remedy:
      'Allow the cookies of this server, and open the pages of a sign-in in a window, never in a frame.',
  },
  'cookies.lost': {
    sentence: 'The browser sent a form without the cookie that came with its page.',
    remedy: 'Begin again in the application, and go on in the same browser and window.',
  },
  'form.out_of_date': {
    sentence: 'The form was opened in another browser, or before somebody else signed in.',
    remedy: 'Open the page again, and send its form from there.',
  },
  'form.from_elsewhere': {
    sentence: 'A page of another origin sent the form.',
    remedy: 'Send people to the pages of this server. Only they send its forms.',
  },
} as const satisfies Record<string, ReasonText>;
