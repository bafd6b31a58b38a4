/** Sentences for operands and options that mean the same in every command, by their own names. */
export const SHARED_WORDS: Readonly<Record<string, string>> = {
  json: 'Print JSON, for programs.',
  yes: 'Go on without asking, as a pipeline does.',
  FILE: 'A file of registrations, in SQL.',
  'FILE|FOLDER': 'Files of registrations, in SQL, or a folder with them.',
  timeout: 'How long it may take in all, in seconds; 0: as long as it needs.',
  ID: 'The id of the registration.',
  CLIENT_ID: 'The id of the client, of Sign in with Listo or of LiSTNR.',
  PERSON: 'The id of a person, or their address.',
  NUMBER: 'The number that the list shows first.',
  SET: 'The set of keys: oidc for Sign in with Listo, listnr for LiSTNR.',
  instance: 'Only those of this instance.',
  after: 'Go on behind this one, the last of the list before.',
  kind: 'Which service, where both have a client with this id.',
};
