import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of files of registrations. */
export interface SeedFolder {
  path: string;
  /** Writes a file and answers its path. */
  write(name: string, sql: string): string;
  remove(): void;
}

export function makeSeedFolder(): SeedFolder {
  const path = mkdtempSync(join(tmpdir(), 'listo-seeds-'));
  return {
    path,
    write(name, sql) {
      const file = join(path, name);
      writeFileSync(file, sql);
      return file;
    },
    remove: () => rmSync(path, { recursive: true }),
  };
}

export const ACME = `-- Acme
INSERT INTO instances (id, name) VALUES ('acme', 'Acme')
ON CONFLICT (id) DO UPDATE SET name = excluded.name;
INSERT INTO clients (id, instance_id, name, type, redirect_uris)
VALUES ('acme-spa', 'acme', 'Acme SPA', 'public', '{https://spa.acme.example/callback,https://spa.acme.example/silent}'),
  ('acme-web', 'acme', 'Acme Web', 'confidential', '{https://web.acme.example/callback}')
ON CONFLICT (id) DO UPDATE SET name = excluded.name, type = excluded.type, redirect_uris = excluded.redirect_uris;
INSERT INTO client_secrets (client_id, name, digest)
VALUES ('acme-web', 'default', 'sha256:4a72303a9df4e81836e328374f5fa440dcff54677b1b41faad1e683884ba227b')
ON CONFLICT (client_id, name) DO UPDATE SET digest = excluded.digest;
INSERT INTO people (id, instance_id, name) VALUES ('ada', 'acme', 'Ada'), ('bob', 'acme', 'Bob')
ON CONFLICT (id) DO UPDATE SET name = excluded.name;
`;
