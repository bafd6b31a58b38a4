import type { Browser, Page } from '../../support/browsers/browser.ts';
import { readMails } from '../../support/mail/mailbox.ts';
import type { Acts } from './act.ts';
import type { World } from './world.ts';

/** Acts of a person at their own account, in the browser that goes on. */
export const OWN_ACCOUNT: Acts = {
  'a person ends a session': async (world) => {
    const page = await accountAt(world, 'phone');
    await press(world.browsers.phone, page, '/sessions/end', 'session');
  },

  'a person ends all other sessions': async (world) => {
    const page = await accountAt(world, 'phone');
    await press(world.browsers.phone, page, '/sessions/end-others');
  },

  'a person removes an application’s access': async (world) => {
    const page = await accountAt(world, 'phone');
    const application = world.spa.client_id;
    await press(world.browsers.phone, page, '/applications/end', 'application', application);
  },

  'a person changes their password': async (world) => {
    const { phone } = world.browsers;
    const form = await phone.get(`${world.url}/account/${world.instance}/password`);
    const password = 'a quite different new passphrase';
    const page = await phone.submit(form, '/password', { password, again: password });
    expect(page.html).toContain('Your password is changed');
  },

  'a person sets a new password by mail': async ({ server, url, instance, person, browsers: { phone } }) => {
    const asking = await phone.get(`${url}/recovery/${instance}`);
    await phone.submit(asking, `/recovery/${instance}`, { email: person.email });
    const [mail] = await readMails(server);
    const form = await phone.get(mail?.link ?? '');
    const password = 'a quite different new passphrase';
    const page = await phone.follow(await phone.submit(form, '/password', { password, again: password }));
    expect(page.html).toContain('Your password is set');
  },
};

function accountAt({ url, instance, browsers }: World, name: 'phone'): Promise<Page> {
  return browsers[name].get(`${url}/account/${instance}`);
}

/** Sends the first form with this action, and with `value` in its field where one is given. */
async function press(
  browser: Browser,
  { html, url }: Page,
  action: string,
  name = 'csrf',
  wanted?: string,
): Promise<void> {
  const forms = [...html.matchAll(/<form[^>]*action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/g)];
  const [, address = '', content = ''] =
    forms.find(
      ([form, to = '']) =>
        to.endsWith(action) && (wanted === undefined || form.includes(`name="${name}" value="${wanted}"`)),
    ) ?? [];
  const fields = [...content.matchAll(/name="([^"]*)" value="([^"]*)"/g)];
  const given = Object.fromEntries(fields.map(([, field, value]) => [field, value]));
  const { status } = await browser.post(new URL(address, url).href, given);
  expect(status).toBe(303);
}
