/** The page on which developers find out why a request was refused. */
export const EXPLAIN = '/auth/explain';

/** Its address for one request. */
export function explanationAddress(issuer: string, requestId: string): string {
  return `${issuer}${EXPLAIN}?${new URLSearchParams({ request_id: requestId })}`;
}
