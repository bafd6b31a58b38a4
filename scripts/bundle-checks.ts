import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

/** Packages, and parts of our own, that a process must not load when it starts from this source. */
const NOT_AT_ONCE: Record<string, RegExp> = {
  'src/serve.ts':
    /node_modules\/(?:knex|pg|koa|@koa|oidc-provider|jose|prom-client|eta|openid-client)\/|src\/(?:server|app)\.ts$/,
  'src/server.ts':
    /node_modules\/(?:openid-client|oauth4webapi|@zxcvbn-ts|@simplewebauthn|@peculiar)\/|src\/(?:demo\/routes|apply-seeds)\.ts$/,
};

/**
 * Classes of packages that have other names in the bundle, which nobody reads: those of the second copy of
 * OpenTelemetry's API, and those that mention themselves while they are made. The second line has those with which
 * @simplewebauthn/server reads certificates.
 */
const RENAMED = new RegExp(
  [
    /^(?:\w+(?:API|Impl)2|d2|_(?:ArrayParser|Builder|MatchSeparator|MimeNode|Registry|Resource|Runner|TrieNode))$/,
    /^_(?:Asn\w+|(?:\w+Key)?(?:Description|IdentifierExtension)|(?:BufferSource)?Convert(?:er)?|IssuingDistributionPoint|AlgorithmIdentifier|Extension|InternalDependencyContainer|CryptoProvider|Name|PemData|PublicKey|Attribute)$/,
  ]
    .map(({ source }) => source)
    .join('|'),
);

/** @throws Error that names what a start would load in vain. */
export function checkStart({ outputs }: Metafile): void {
  for (const [source, unwanted] of Object.entries(NOT_AT_ONCE)) {
    const entry = Object.keys(outputs).find((file) => outputs[file]?.entryPoint === source);
    const files = new Set([entry ?? '']);
    for (const file of files)
      for (const { path, kind } of outputs[file]?.imports ?? [])
        if (kind === 'import-statement') files.add(path);
    const loaded = [...files].flatMap((file) => Object.keys(outputs[file]?.inputs ?? {}));
    const inVain = loaded.filter((path) => unwanted.test(path));
    if (entry === undefined || inVain.length > 0)
      throw new Error(`${source} is loaded with ${inVain.join(', ') || 'nothing'}.`);
  }
}

/**
 * esbuild gives a class another name where two files of one chunk have a class of one name, and oidc-provider stores the
 * names of its own. @throws Error that names such a class.
 */
export function checkClassNames(root: string, { inputs, outputs }: Metafile): void {
  const classesIn = (files: readonly string[]) =>
    files.flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      return [...text.matchAll(/\bclass ([\w$]+)/g)].map(([, name = '']) => name);
    });
  const known = new Set(classesIn(Object.keys(inputs).filter((file) => /\.[cm]?[jt]s$/.test(file))));
  const scripts = Object.keys(outputs).filter((file) => file.endsWith('.js'));
  const renamed = classesIn(scripts).filter((name) => !known.has(name) && !RENAMED.test(name));
  if (renamed.length > 0) throw new Error(`The bundle has other names for classes: ${renamed.join(', ')}.`);
}
