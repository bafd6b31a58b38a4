import type { Page } from '../../support/browsers/browser.ts';
import { ADA } from '../../support/clients/relying-party.ts';

export interface Form {
  action: string;
  fields: Record<string, string>;
}

/** A form of the page, filled in by a person who knows the password most of the time. */
export function formOf(page: Page | undefined, way: number): Form | undefined {
  const forms = [...(page?.html ?? '').matchAll(/<form([^>]*)>([\s\S]*?)<\/form>/g)];
  const [, attributes = '', content = ''] = forms[way % 5 === 0 ? way % Math.max(1, forms.length) : 0] ?? [];
  const action = /action="([^"]*)"/.exec(attributes)?.[1];
  if (!page || action === undefined || !action.startsWith('/')) return undefined;
  const hidden = [...content.matchAll(/<input[^>]*type="hidden"[^>]*name="([^"]*)"[^>]*value="([^"]*)"/g)];
  const password = way % 4 === 3 ? 'a wrong password of somebody' : ADA.password;
  const chosen = {
    email: ADA.email,
    password,
    decision: ['sign_out', 'allow', 'deny', 'stay'][way % 4] ?? '',
    [way % 7 === 6 ? 'abort' : 'confirm']: 'yes',
  };
  return {
    action: new URL(action, page.url).href,
    fields: { ...Object.fromEntries(hidden.map(([, name, value]) => [name, value])), ...chosen },
  };
}
