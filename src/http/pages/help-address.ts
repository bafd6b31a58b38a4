/**
 * The address of an instance's help, for somebody who met an error. A mail names the request in its subject, so that
 * whoever answers finds its line in the log.
 */
export function helpAddress(supportUri: string, requestId: string): string {
  if (!supportUri.startsWith('mailto:')) return supportUri;
  const [address = '', query] = supportUri.split('?', 2);
  const fields = query ? query.split('&') : [];
  const isSubject = (field: string) => /^subject=/i.test(field);
  // In a mail's address a space is %20, and a plus sign is itself.
  const request = `request%20${encodeURIComponent(requestId)}`;
  const named = fields.some(isSubject)
    ? fields.map((field) => (isSubject(field) ? `${field}%20(${request})` : field))
    : [...fields, `subject=Sign-in%20problem%20(${request})`];
  return `${address}?${named.join('&')}`;
}
