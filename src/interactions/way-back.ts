import type { Context } from 'koa';
import { readForm } from '../http/input/body.ts';
import { singleValue } from '../http/input/parameters.ts';
import { clientRecord } from '../oidc/storage/client-metadata.ts';
import { HttpError } from '../platform/errors.ts';
import type { InteractionDependencies } from './dependencies.ts';

/**
 * Adds a link to the application to the page of an interaction that is over. A form names its application, since the
 * interaction that knew it is gone. The link leads to the origin of a registered address, and nowhere else.
 * @throws HttpError always.
 */
export async function offerWayBack(
  ctx: Context,
  error: unknown,
  { provider }: Pick<InteractionDependencies, 'provider'>,
): Promise<never> {
  if (!(error instanceof HttpError) || error.status !== 400 || ctx.method !== 'POST') throw error;
  const id = singleValue((await readForm(ctx.req)).client_id);
  const registered = id && !id.includes('\0') ? await provider().Client.find(id) : undefined;
  const client = registered && clientRecord(registered);
  const address = client?.redirectUris.find((uri) => /^https?:/.test(uri));
  if (!client || !address) throw error;
  const { status, code, message, cause } = error;
  throw new HttpError({
    ...{ status, code, message, cause },
    link: { href: `${new URL(address).origin}/`, name: client.name },
  });
}
