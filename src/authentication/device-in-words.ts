/** Words for a browser that did not say what it is, or that nobody knows. */
const UNKNOWN = 'A browser or device that we do not recognize';

/**
 * The browser and device of a session, as its person would name them: "Safari on an iPhone". They come from the name
 * that the browser gave itself, so they prove nothing.
 */
export async function deviceInWords(userAgent: string | undefined): Promise<string> {
  return (await knownDevice(userAgent)) ?? UNKNOWN;
}

/** The same, where the browser says what it is. */
export async function knownDevice(userAgent: string | undefined): Promise<string | undefined> {
  if (!userAgent) return undefined;
  // Few pages need it.
  const { default: bowser } = await import('bowser');
  const { browser, os, platform } = bowser.parse(userAgent);
  const device = platform.model && APPLE.has(platform.model) ? `an ${platform.model}` : os.name;
  if (browser.name && device) return `${browser.name} on ${device}`;
  return browser.name || device || undefined;
}

/** People know these by the device, and others by the system. */
const APPLE = new Set(['iPhone', 'iPad', 'iPod']);
