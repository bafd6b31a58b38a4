/**
 * The text for a person when an application's request is wrong and nobody can be redirected. The library's own
 * description, for the developer of the application, appears beside it.
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
