/** How mail leaves this server. */
export type MailSettings =
  /** In development: nothing leaves, and a page of the demo shows it. */
  { by: 'demo' } | { by: 'smtp'; server: MailServer; from: { name: string; address: string } };

export interface MailServer {
  host: string;
  port: number;
  /**
   * `always`: from the first byte on. `starttls`: nothing is sent unless the server changes to it. `if_offered`: in
   * development alone. `never`: on this machine.
   */
  tls: 'always' | 'starttls' | 'if_offered' | 'never';
  login: { user: string; password: string } | undefined;
}
