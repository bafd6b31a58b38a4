import type { Variables } from './variables.ts';

/** Notes a mistake in `variables`. */
export function isProduction(variables: Variables): boolean {
  const mode = variables.text('NODE_ENV');
  // A server that is meant for production must not run with development secrets.
  if (mode !== undefined && mode !== 'production' && /^prod/i.test(mode.trim()))
    variables.mistakes.push(`NODE_ENV is "${mode}"; write production.`);
  return mode === 'production';
}
