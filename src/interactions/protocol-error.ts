/**
 * The text for a person when an application's request is wrong and nobody can be redirected. The library's own
 * description, for the developer of the application, appears beside it.
 */
export function explainProtocolError(code: string): string {
  switch (code) {
    case 'invalid_client':
      return 'This server does not know the application that sent you here. The people who run the application can correct that.';
    case 'invalid_redirect_uri':
      return 'The application gave an address for your return that is not registered, so your sign-in stops here.';
    default:
      return 'Your sign-in cannot go on from here. Please go back to the application and sign in again.';
  }
}
