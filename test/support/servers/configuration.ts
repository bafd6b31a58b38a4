import { parseConfig } from '../../../src/config.ts';
import { OperatorError } from '../../../src/platform/errors.ts';
import { TEST_SECRETS } from './test-server.ts';

/** A complete environment of a production server. */
export const PRODUCTION = {
  NODE_ENV: 'production',
  ISSUER: 'https://login.example',
  DATABASE_URL: 'postgres://listo:pw@db.example:5432/listo',
  ...TEST_SECRETS,
};

/** The sentences that refuse a wrong environment. */
export function mistakes(environment: Record<string, string>): string[] {
  try {
    parseConfig(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(OperatorError);
    const [headline, ...lines] = (error as Error).message.split('\n');
    expect(headline).toBe('The configuration is wrong:');
    return lines.map((line) => line.replace(/^ {2}- /, ''));
  }
  return [];
}
