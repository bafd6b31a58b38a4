import { resolve } from 'node:path';
import type {
  KeySettings,
  ListnrSettings,
  MailQueueSettings,
  NewPasswordSettings,
} from '../commands/command.ts';
import { type DatabaseSettings, readDatabaseSettings } from './database-settings.ts';
import { readEnvironmentName, readIssuers } from './issuers.ts';
import { readKeyRotation, readRsaBits } from './key-rotation.ts';
import { readMail } from './mail.ts';
import { isProduction } from './mode.ts';
import { isLocal, readOutbound } from './outbound.ts';
import { readPasswordSettings } from './passwords.ts';
import { readEncryptionKeys } from './secrets.ts';
import { type Environment, Variables } from './variables.ts';

/**
 * The settings for commands. Each part reads only its own variables, so a command needs no more than it uses:
 * registering a client takes the database, and not the secrets of the server.
 * @throws OperatorError that lists every mistake of the part.
 */
export interface CommandConfig {
  database(): DatabaseSettings;
  /** Undefined in production where ISSUER is not set. */
  issuer(): string | undefined;
  listnr(): ListnrSettings;
  keys(): KeySettings;
  passwords(): NewPasswordSettings;
  mail(): MailQueueSettings;
}

type Place = { production: boolean; dataDir: string };

export function commandConfig(environment: Environment): CommandConfig {
  const part = <T>(read: (variables: Variables, place: Place) => T): T => {
    const variables = new Variables(environment);
    const dataDir = resolve(variables.text('DATA_DIR') ?? '.data');
    const settings = read(variables, { production: isProduction(variables), dataDir });
    variables.refuseMistakes();
    return settings;
  };
  return {
    database: () => part(readDatabaseSettings),
    issuer: () => part(issuerOf),
    listnr: () =>
      part((variables, { production }) => {
        const { listnrIssuer } = readIssuers(variables, { production, port: readPort(variables) });
        return { listnrIssuer, environment: readEnvironmentName(variables) };
      }),
    keys: () =>
      part((variables, place) => ({
        ...readEncryptionKeys(variables, place),
        keyRotation: readKeyRotation(variables),
        rsaBits: readRsaBits(variables),
      })),
    mail: () =>
      part((variables, place) => {
        const issuer = issuerOf(variables, place);
        const demo = !place.production && issuer !== undefined && isLocal(issuer);
        const { keyEncryptionKeys } = readEncryptionKeys(variables, place);
        const isSent = readMail(variables, { production: place.production, demo }) !== undefined;
        return { issuer, keyEncryptionKeys, isSent };
      }),
    passwords: () =>
      part((variables, { production }) => ({
        ...readPasswordSettings(variables),
        outbound: readOutbound(variables, { production, issuer: issuerOf(variables, { production }) }),
      })),
  };
}

function issuerOf(variables: Variables, { production }: Pick<Place, 'production'>): string | undefined {
  if (production && variables.text('ISSUER') === undefined) return undefined;
  return readIssuers(variables, { production, port: readPort(variables) }).issuer;
}

function readPort(variables: Variables): number {
  return variables.wholeNumber('PORT', { fallback: 3000, low: 0, high: 65_535 });
}
