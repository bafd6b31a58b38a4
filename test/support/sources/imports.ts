import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { parseSync } from '@swc/core';

/** The imports of one source file. */
export interface SourceFile {
  /** Relative to the folder that was read, with forward slashes: `oidc/provider.ts`. */
  path: string;
  imports: Import[];
  /** Whether the file uses `process.env`. */
  readsEnvironment: boolean;
  /** Whether it asks the machine for the time of day: `Date.now()`, `new Date()`. */
  readsTimeOfDay: boolean;
}

export interface Import {
  /** A package, or a path like `SourceFile.path`; `../../` leads out of the folder that was read. */
  from: string;
  /** The imported values: `*` for the whole module, none for types only. */
  values: string[];
}

/** Every TypeScript file below a folder. */
export function readSources(folder: string): SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => path.split(sep).join('/'))
    .map((path) => parseSource(path, readFileSync(join(folder, path), 'utf8')));
}

/** Parses one file, so that a comment or a string never looks like an import. */
export function parseSource(path: string, source: string): SourceFile {
  const file: SourceFile = { path, imports: [], readsEnvironment: false, readsTimeOfDay: false };
  visit(parseSync(source, { syntax: 'typescript', target: 'es2024' }), (node) => {
    const found = importOf(node);
    if (found) file.imports.push({ ...found, from: resolve(path, found.from) });
    if (isProcessEnv(node)) file.readsEnvironment = true;
    if (isTimeOfDay(node)) file.readsTimeOfDay = true;
  });
  return file;
}

/** The parts of the syntax tree that are used here. */
interface Node {
  type: string;
  [member: string]: unknown;
}

function visit(value: unknown, see: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, see);
  } else if (typeof value === 'object' && value !== null) {
    if ('type' in value && typeof value.type === 'string') see(value as Node);
    for (const member of Object.values(value)) visit(member, see);
  }
}

function importOf(node: Node): Import | undefined {
  const source = text(node.source);
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
      return source === undefined ? undefined : { from: source, values: valuesOf(node) };
    case 'ExportAllDeclaration':
      return { from: source ?? '', values: ['*'] };
    case 'TsImportType':
      return { from: text(node.argument) ?? '', values: [] };
    case 'CallExpression': {
      if ((node.callee as Node).type !== 'Import') return undefined;
      const [argument] = node.arguments as { expression: Node }[];
      return { from: text(argument?.expression) ?? '(computed)', values: ['*'] };
    }
    default:
      return undefined;
  }
}

function valuesOf(node: Node): string[] {
  if (node.typeOnly) return [];
  const specifiers = node.specifiers as (Node & { isTypeOnly?: boolean })[];
  if (specifiers.length === 0) return ['*'];
  return specifiers
    .filter(({ isTypeOnly }) => !isTypeOnly)
    .map(({ type, imported, orig, local }) =>
      type === 'ImportNamespaceSpecifier' ? '*' : (text(imported) ?? text(orig) ?? text(local) ?? '*'),
    );
}

/** The text of a string literal or an identifier. */
function text(node: unknown): string | undefined {
  return typeof node === 'object' && node !== null && 'value' in node && typeof node.value === 'string'
    ? node.value
    : undefined;
}

function isProcessEnv({ type, object, property }: Node): boolean {
  return type === 'MemberExpression' && text(object) === 'process' && text(property) === 'env';
}

function isTimeOfDay({ type, callee, object, property, arguments: given }: Node): boolean {
  if (type === 'MemberExpression') return text(object) === 'Date' && text(property) === 'now';
  const takesNothing = !Array.isArray(given) || given.length === 0;
  return (type === 'NewExpression' || type === 'CallExpression') && text(callee) === 'Date' && takesNothing;
}

function resolve(path: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  const target = posix.join(dirname(path), specifier);
  return target.startsWith('..') ? target : relative('.', target).split(sep).join('/');
}
