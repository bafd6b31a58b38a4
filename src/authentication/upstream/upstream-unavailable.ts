/** The upstream provider could not be reached. It has a file of its own, because the pages need nothing else of this room. */
export class UpstreamUnavailable extends Error {
  constructor(cause: unknown) {
    super('The upstream provider could not be reached.', { cause });
    this.name = 'UpstreamUnavailable';
  }
}
