/*
 * Gives each password field a button that shows what was typed. Without this script, there is no button, and the page
 * works as well. When the form is sent, the fields are hidden again, so that browsers know passwords for what they are.
 */
(() => {
  'use strict';

  for (const place of document.querySelectorAll('[data-show-password]')) {
    const input = place.querySelector('input');
    const button = document.createElement('button');
    const words = document.createElement('span');
    words.className = 'visually-hidden';
    words.textContent = ` ${place.dataset.showPassword}`;
    button.type = 'button';
    button.id = `show-${input.id}`;
    button.className = 'field__show';
    button.append('Show', words);
    const show = (shown) => {
      input.type = shown ? 'text' : 'password';
      button.setAttribute('aria-pressed', String(shown));
    };
    button.addEventListener('click', () => show(input.type === 'password'));
    input.form.addEventListener('submit', () => show(false));
    // A page that the back button brings back has its fields as they were left.
    addEventListener('pageshow', () => show(false));
    input.spellcheck = false;
    show(false);
    place.append(button);
  }
})();
