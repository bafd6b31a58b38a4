import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from '@swc/core';

/** The folders of src, and what each may import of the others. Arrows run one way. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  platform: [],
  http: ['platform'],
  keys: ['platform'],
  instances: ['platform'],
  clients: ['instances', 'platform'],
  accounts: ['instances', 'platform'],
  artifacts: ['platform'],
  authentication: ['accounts', 'instances', 'platform'],
  oidc: ['keys', 'artifacts', 'clients', 'accounts', 'instances', 'platform'],
  interactions: [
    'oidc',
    'authentication',
    'artifacts',
    'accounts',
    'clients',
    'instances',
    'http',
    'platform',
  ],
  demo: ['http', 'platform'],
  listnr: ['keys', 'clients', 'accounts', 'http', 'platform'],
  admin: ['keys', 'artifacts', 'clients', 'accounts', 'instances', 'http', 'platform'],
  commands: ['keys', 'artifacts', 'clients', 'accounts', 'instances', 'platform'],
};

/** The files beside the folders: processes, wiring, the HTTP map, and the configuration. They know each other. */
const ROOT_FILES = [
  'app.ts',
  'cli.ts',
  'compose.ts',
  'config.ts',
  'internal-app.ts',
  'main.ts',
  'open-database.ts',
  'secrets.ts',
  'server.ts',
  'variables.ts',
  'welcome.ts',
];

/** Packages that only some files may know. */
const PACKAGES: { packages: readonly string[]; mayImport: (file: string) => boolean }[] = [
  { packages: ['knex', 'pg'], mayImport: (file) => folderOf(file) === 'platform' || file.endsWith('-store.ts') },
  { packages: ['oidc-provider'], mayImport: (file) => ['oidc', 'interactions'].includes(folderOf(file)) },
  { packages: ['jose'], mayImport: (file) => ['keys', 'oidc', 'listnr', 'demo'].includes(folderOf(file)) },
  { packages: ['koa', '@koa/router'], mayImport: (file) => file.startsWith('app') },
];

const FORBIDDEN_NAMES = ['utils', 'helpers', 'common', 'lib', 'misc', 'manager', 'library', 'base', 'data'];

const ROOT = fileURLToPath(new URL('..', import.meta.url));
