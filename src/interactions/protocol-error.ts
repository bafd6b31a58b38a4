/**
 * The words for a person when an application's request is wrong and nobody can be redirected. The library's own
 * description, for the developer of the application, appears beside it.
 */
export function explainProtocolError(code: string): {
  title: string;
  text: string;
  hint?: string;
} {
  switch (code) {
    case 'invalid_client':
      return {
        title: 'This application is not known here',
        text: 'The people who run the application that sent you here can correct that.',
      };
    case 'invalid_redirect_uri':
      return {
        title: 'You cannot go on from here',
        text: 'The application gave an address for your return that is not registered. The people who run the application can correct it.',
      };
    default:
      return {
        title: 'You cannot go on from here',
        text: 'The application’s request is not valid. If this comes back, tell the people who run it.',
        hint: 'To begin again, go back to the application.',
      };
  }
}
