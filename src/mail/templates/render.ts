import { fileURLToPath } from 'node:url';
import { Eta } from 'eta';
import { themeColors } from '../../instances/theme.ts';
import type { MailWords } from './words.ts';

/** An instance's look, as far as a mail has it: nothing in a mail is loaded from outside, so it has no logo. */
export interface MailLook {
  name: string;
  brandColor: string;
  supportUri: string | null;
}

const VIEWS = fileURLToPath(new URL('../../../views', import.meta.url));
const eta = new Eta({ views: VIEWS, autoEscape: true, cache: true });

/** Tables of one column with the colours in place: mail programs know little of stylesheets. */
export function renderHtml(words: MailWords, look: MailLook): string {
  return eta.render('./mail', { ...words, ...look, colors: themeColors(look.brandColor) });
}

export function renderText(words: MailWords, { name, supportUri }: MailLook): string {
  const { greeting, paragraphs, button, code, notes } = words;
  const blocks = [
    greeting,
    ...paragraphs,
    ...(button ? [`${button.text}:\n${button.link}`] : []),
    ...(code ? [`Or type this code: ${code}`] : []),
    `-- \n${[...notes, ...(supportUri ? [`Help: ${supportUri.replace(/^mailto:/, '')}`] : []), name].join('\n\n')}`,
  ];
  return `${blocks.join('\n\n')}\n`;
}
