import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Eta } from 'eta';
import type { Context } from 'koa';
import { knownRequestState } from '../records/request-state.ts';
import { pagePolicy } from '../security-headers.ts';
import { explainedNow } from './explained.ts';

/**
 * The look of an instance's pages: its name and logo, and where its people get help. Pages without an instance show the
 * product's own.
 */
export interface Brand {
  instanceId: string;
  name: string;
  logoUri: string | null;
  supportUri: string | null;
}

export interface PageOptions {
  brand?: Brand | undefined;
  /** The places beyond this server where the page's form may end. */
  formTargets?: readonly string[];
  /** Addresses of pictures beside the logo of the brand. */
  images?: readonly string[];
  /**
   * Whether the page gives up the window that opened it (`Cross-Origin-Opener-Policy`). That window could otherwise
   * exchange the page for an imitation at any moment. A page that a sign-in or sign-out in a pop-up passes must not:
   * the application's page at its end could not report to the window that waits for it.
   */
  isolated?: boolean;
  /** Whether the page runs scripts of ours. */
  scripts?: boolean;
}

export interface Views {
  /** Answers with `views/<name>.eta` inside the layout, uncached, with the page's own content policy. */
  render(ctx: Context, name: string, model: Record<string, unknown>, options?: PageOptions): void;
  /** A file of `views/assets` by its fingerprinted name. */
  asset(name: string): Asset | undefined;
}

export interface Asset {
  body: Buffer;
  type: string;
}

const VIEWS = fileURLToPath(new URL('../../../views', import.meta.url));
const TYPES: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  js: 'text/javascript; charset=utf-8',
};

/** Loads the templates and assets once. `explains`: in development, a page that refuses something says why. */
export function createViews({ explains = false }: { explains?: boolean } = {}): Views {
  const eta = new Eta({ views: VIEWS, autoEscape: true, cache: true });
  const assets = new Map<string, Asset>();
  const urls: Record<string, string> = {};
  for (const file of readdirSync(join(VIEWS, 'assets'))) {
    const body = readFileSync(join(VIEWS, 'assets', file));
    const [stem, extension = ''] = file.split(/\.(?=[^.]+$)/);
    const name = `${stem}.${createHash('sha256').update(body).digest('hex').slice(0, 12)}.${extension}`;
    assets.set(name, { body, type: TYPES[extension] ?? 'application/octet-stream' });
    urls[file] = `/assets/${name}`;
  }

  /** The id of a request that is refused is on its page. A template may have a place for it, or for another one. */
  const referenceOf = (
    { status, req }: Context,
    { requestId }: Record<string, unknown>,
  ): Record<string, unknown> => {
    const state = status < 400 ? undefined : knownRequestState(req);
    if (!state) return {};
    const explanation = explains && state.why ? explainedNow(state.why) : undefined;
    if (requestId === undefined) return { refused: { requestId: state.id, explanation } };
    return requestId === state.id ? { explanation } : {};
  };

  return {
    asset: (name) => assets.get(name),
    render(ctx, name, model, { brand, formTargets, images = [], isolated = false, scripts = false } = {}) {
      ctx.type = 'html';
      ctx.set('Cache-Control', 'no-store');
      ctx.set(
        'Content-Security-Policy',
        pagePolicy({
          ...(formTargets ? { formTargets } : {}),
          images: [...images, ...(brand?.logoUri ? [brand.logoUri] : [])],
          scripts,
        }),
      );
      // Until there is a body, Koa's status is 404.
      ctx.body = '';
      const page = eta.render(`./${name}`, { ...model, ...referenceOf(ctx, model), brand, assets: urls });
      if (isolated) ctx.set('Cross-Origin-Opener-Policy', 'same-origin');
      // With `no-referrer`, browsers would send the page's form from the origin null.
      if (page.includes(' method="post"')) ctx.set('Referrer-Policy', 'same-origin');
      ctx.body = page;
    },
  };
}
