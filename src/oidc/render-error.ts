import type { KoaContextWithOIDC } from 'oidc-provider';

/** Shows a person why a request went nowhere, when there is nobody it may be redirected to. */
export type RenderError = (
  ctx: KoaContextWithOIDC,
  error: { error: string; error_description?: string | undefined },
) => void;
