import type { Client } from '../../clients/client.ts';
import type { TokenRequest } from '../token-request.ts';

/** A request about a token (RFC 7009 section 2.1, RFC 7662 section 2.1) whose client is authenticated. */
export interface ManagementRequest {
  client: Client;
  /** A token of any kind, or any text. The hint of its kind changes nothing: the token shows its kind. */
  token: string;
  /** Says whose token it is, for the log. */
  note: TokenRequest['note'];
  origin: TokenRequest['origin'];
}
