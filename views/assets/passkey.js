/*
 * Asks the browser for a passkey, and posts what it answers. A form with `data-passkey` says what is asked: "get", to
 * sign in, or "create". The options are in `data-options`, as WebAuthn writes them in JSON. `data-conditional` has the
 * browser offer passkeys in the field for the address, too.
 *
 * Without this script, or in a browser without passkeys, the page says so: [data-unsupported] stays, and
 * [data-supported] stays hidden. A link in the form leads to such a page.
 */
(() => {
  'use strict';

  const credentials = globalThis.PublicKeyCredential;
  const supported = typeof credentials?.parseRequestOptionsFromJSON === 'function';
  let waiting;

  for (const form of document.querySelectorAll('form[data-passkey]')) if (supported) prepare(form);

  function prepare(form) {
    for (const part of document.querySelectorAll('[data-supported]')) part.hidden = false;
    for (const part of document.querySelectorAll('[data-unsupported]')) part.hidden = true;
    const link = form.querySelector('a[data-passkey-start]');
    const start = (event) => {
      if (form.elements.answer.value !== '') return;
      event.preventDefault();
      ask(form, {}).catch((error) => fail(form, link, error));
    };
    form.addEventListener('submit', start);
    link?.addEventListener('click', start);
    if ('conditional' in form.dataset) offer(form);
  }

  /** The browser offers passkeys among its other suggestions. It says nothing when it has none. */
  async function offer(form) {
    const available = await credentials.isConditionalMediationAvailable?.();
    if (available) await ask(form, { mediation: 'conditional' }).catch(() => undefined);
  }

  /** A browser has one request at a time. */
  async function ask(form, how) {
    waiting?.abort();
    waiting = new AbortController();
    const { signal } = waiting;
    const options = JSON.parse(form.dataset.options);
    const answer =
      form.dataset.passkey === 'create'
        ? await navigator.credentials.create({
            publicKey: credentials.parseCreationOptionsFromJSON(options),
            signal,
          })
        : await navigator.credentials.get({
            publicKey: credentials.parseRequestOptionsFromJSON(options),
            signal,
            ...how,
          });
    form.elements.answer.value = JSON.stringify(answer);
    form.submit();
  }

  /** The person said no, the time was over, or the device has none: browsers do not say which. */
  function fail(form, link, error) {
    if (error.name === 'AbortError') return;
    if (link) {
      location.assign(link.href);
      return;
    }
    const name = error.name === 'InvalidStateError' ? 'known' : 'none';
    for (const problem of form.querySelectorAll('[data-problem]'))
      problem.hidden = problem.dataset.problem !== name;
    form.querySelector('[data-problem]:not([hidden])')?.focus();
  }
})();
