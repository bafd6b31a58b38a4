/** Signs in and refreshes twice with the lines of a document. */
import { answerTo, settings, tell } from './conversation.mjs';

const { signIn, signedIn, refresh } = await import(settings.document);

const session = {};
const { href } = await signIn(session);
const answers = [await signedIn(session, new URL(await answerTo(href)))];
for (const _ of [1, 2]) answers.push(await refresh(answers.at(-1)));
tell({
  scopes: answers.map(({ scope }) => scope),
  subs: answers.map((answer) => answer.claims().sub),
});
