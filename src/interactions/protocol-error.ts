/**
 * What a person reads when an application's request goes nowhere, because there is nobody it may be redirected to.
 * The library's own description is for whoever built the application, and stands beside it.
 */
export function explainProtocolError(code: string): string {
  switch (code) {
    case 'invalid_client':
      return 'The application that sent you here is not known to this server. Whoever runs it can put that right.';
    case 'invalid_redirect_uri':
      return 'The application wants you back at an address that is not registered for it, so your sign-in stops here.';
    default:
      return 'Your sign-in cannot go on from here. Please go back to the application and sign in again.';
  }
}
