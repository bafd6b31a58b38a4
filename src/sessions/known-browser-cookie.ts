import { instancesBehind } from './session-cookie.ts';

/** The cookie by which an instance knows a browser in which somebody has signed in. It proves little and names nobody. */
export function knownBrowserCookieName(instanceId: string, { https }: { https: boolean }): string {
  return `${https ? '__Host-' : ''}listo_known_${instanceId}`;
}

/** The instances in which somebody has signed in with this browser, as its `Cookie` header says. Nothing is verified. */
export function instancesKnowingBrowser(header: string, { https }: { https: boolean }): string[] {
  return instancesBehind(knownBrowserCookieName('', { https }), header);
}
