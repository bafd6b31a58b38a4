import { type Followed, keepCopy } from '../platform/kept-copy.ts';
import type { KnownSecret } from './client-secrets.ts';
import type { ListnrClient } from './listnr-client.ts';
import type { ListnrClientStore } from './listnr-client-store.ts';

/**
 * Every client of LiSTNR with its secrets' digests, kept in memory from the start, so that its tokens need no
 * database and guessing names costs it nothing. Who is not here is unknown: a client that was just registered is
 * found about a second later, when the versions have been looked at.
 */
export interface ListnrClients extends Followed {
  readonly count: number;
  find(id: string): ListnrClient | undefined;
  /** Those of an unknown client: none. The expired are among them. */
  secretsOf(id: string): readonly KnownSecret[];
}

export async function createListnrClients(store: ListnrClientStore): Promise<ListnrClients> {
  const copy = await keepCopy(store.readAll);
  return {
    get count() {
      return copy.content.size;
    },
    get confirmedAt() {
      return copy.confirmedAt;
    },
    find: (id) => copy.content.get(id)?.client,
    secretsOf: (id) => copy.content.get(id)?.secrets ?? [],
    follow: copy.follow,
    reload: copy.reload,
  };
}
