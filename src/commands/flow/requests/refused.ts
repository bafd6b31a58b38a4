/** The server refused a request that this command sent itself. The transcript has the answer. */
export class Refused extends Error {
  /** The error that came in an address. */
  readonly told: Readonly<Record<string, unknown>> | undefined;

  constructor(message: string, told?: Record<string, unknown>) {
    super(message);
    this.name = 'Refused';
    this.told = told;
  }
}
