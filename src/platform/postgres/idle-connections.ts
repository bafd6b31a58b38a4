import type { Connection } from './connection.ts';
import { ConnectionLost } from './sqlstates.ts';

/** The open connections of a pool that nobody uses, ordered by last use. The one that was used last is taken first. */
export class IdleConnections {
  #list: { connection: Connection; since: number }[] = [];

  get count(): number {
    return this.#list.length;
  }

  add(connection: Connection): void {
    this.#list.push({ connection, since: performance.now() });
  }

  take(): Connection | undefined {
    return this.#list.pop()?.connection;
  }

  dropSpoiled(): void {
    this.#list = this.#list.filter(({ connection }) => !connection.spoiled);
  }

  /** Closes the one that was used longest ago, if that was before `time` or it is spoiled. False when it stays. */
  closeOldest(time: number): boolean {
    const [oldest] = this.#list;
    if (!oldest || (oldest.since > time && !oldest.connection.spoiled)) return false;
    this.#list.shift();
    oldest.connection.close();
    return true;
  }

  /** If one connection became silent, usually all did. Without this, each would cost another request its time. */
  giveUpUnheard(since: number): void {
    for (const idle of this.#list)
      if (idle.since <= since) idle.connection.giveUp(new ConnectionLost('another gave no answer'));
  }

  closeAll(): void {
    for (const { connection } of this.#list.splice(0)) connection.close();
  }
}
