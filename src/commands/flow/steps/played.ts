import type { Configuration, DPoPHandle } from 'openid-client';
import type { Credentials } from '../credentials.ts';
import type { Answers } from '../lines.ts';
import type { FlowOptions } from '../options.ts';
import type { FlowClient } from '../registration.ts';
import type { Transcript } from '../requests/transcript.ts';

/** A flow under way. */
export interface Played {
  issuer: string;
  client: FlowClient;
  options: FlowOptions;
  /** The scopes of the request, separated by spaces. */
  scope: string;
  config: Configuration;
  credentials: Credentials;
  DPoP: DPoPHandle | undefined;
  transcript: Transcript;
  answers: Answers;
}
