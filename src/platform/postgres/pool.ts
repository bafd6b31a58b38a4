import type { Connection } from './connection.ts';
import { IdleConnections } from './idle-connections.ts';
import { currentShare, EndpointUse, type Share } from './share.ts';
import { ConnectionLost, NoConnectionFree } from './sqlstates.ts';

export interface PoolOptions {
  open(): Promise<Connection>;
  /** The most connections at once. */
  size: number;
  /** How many connections stay open when idle. */
  keep: number;
  /** After how many idle milliseconds the others are closed. */
  idleMs?: number;
  /** How many milliseconds `destroy` waits for connections in use. */
  closeWithinMs?: number;
  limits: Limits;
}

/** In milliseconds; 0 means no limit. */
export interface Limits {
  /** How long a request waits for a connection. */
  waitMs: number;
  /** How long a request waits for the database in all, which also limits how long it holds a connection. */
  requestMs: number;
  /** How long a job or command waits for a connection, and holds it; also a request, where its limits are 0. */
  leaseMs: number;
}

interface Waiter {
  share: Share | undefined;
  timer?: NodeJS.Timeout;
  take(connection: Connection): void;
  refuse(error: Error): void;
}

interface Lease {
  share: Share | undefined;
  timer: NodeJS.Timeout | undefined;
}

const IDLE_MS = 30_000;
const REOPEN_MS = 200;
/** Only a wait this long shows that a connection is silent: an answer may take longer than a request's last moments. */
const SILENCE_MS = 1000;
/** Longer than any statement of a request may take. */
const CLOSE_WITHIN_MS = 3000;

/**
 * The connections of this process, in the form in which knex takes a foreign pool. Unlike knex's own pool:
 * - One endpoint uses half of the connections at most, so a locked table or a burst leaves room for others.
 * - Waiting and asking share one limit. A connection on which the limit ran out is closed, not returned.
 * - A failed attempt to connect fails no request while others are served. With no open connection, all waiters fail.
 */
export class ConnectionPool {
  readonly #options: PoolOptions;
  readonly #idle = new IdleConnections();
  #waiting: Waiter[] = [];
  readonly #leases = new Map<Connection, Lease>();
  readonly #inUse: EndpointUse;
  #opening = 0;
  #reopening: NodeJS.Timeout | undefined;
  readonly #reaper: NodeJS.Timeout;
  #closing: (() => void) | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#inUse = new EndpointUse(Math.max(1, Math.floor(options.size / 2)));
    const idleMs = options.idleMs ?? IDLE_MS;
    this.#reaper = setInterval(() => this.#closeIdle(idleMs), idleMs / 10).unref();
  }

  /** Rejects with NoConnectionFree when none is free in time, or with the reason why none can be opened. */
  acquire(): { promise: Promise<Connection> } {
    return { promise: this.#acquire(currentShare()) };
  }

  release(connection: Connection): boolean {
    const lease = this.#leases.get(connection);
    if (!lease) return false;
    this.#endLease(connection, lease);
    // The status is not idle: ending the transaction failed.
    if (connection.spoiled || connection.getTransactionStatus() !== 'I') connection.close();
    else this.#idle.add(connection);
    this.#serve();
    if (this.#leases.size === 0) this.#closing?.();
    return true;
  }

  /** Waits a limited time for the connections in use, then closes all. */
  async destroy(): Promise<void> {
    clearInterval(this.#reaper);
    clearTimeout(this.#reopening);
    const lastReleased = new Promise<void>((done) => {
      this.#closing = done;
    });
    this.#refuseAll(new ConnectionLost('The connections to the database are closed.'));
    const giveUp = setTimeout(() => {
      for (const connection of this.#leases.keys()) connection.giveUp(new ConnectionLost('closed'));
    }, this.#options.closeWithinMs ?? CLOSE_WITHIN_MS);
    if (this.#leases.size > 0) await lastReleased;
    clearTimeout(giveUp);
    this.#idle.closeAll();
  }

  numUsed(): number {
    return this.#leases.size;
  }

  numFree(): number {
    return this.#idle.count;
  }

  numPendingAcquires(): number {
    return this.#waiting.length;
  }

  async #acquire(share: Share | undefined): Promise<Connection> {
    if (this.#closing) throw new ConnectionLost('The connections to the database are closed.');
    const { waitMs, requestMs, leaseMs } = this.#options.limits;
    const leftMs = this.#leftMs(share);
    if (leftMs <= 0) throw new NoConnectionFree(`The request has waited ${requestMs} ms for the database.`);

    return new Promise((take, refuse) => {
      const waiter: Waiter = { share, take, refuse };
      share?.waited.start();
      this.#waiting.push(waiter);
      this.#serve();
      if (!this.#waiting.includes(waiter)) return;
      const limitMs = Math.min((share && waitMs) || leaseMs || Number.POSITIVE_INFINITY, leftMs);
      if (limitMs < Number.POSITIVE_INFINITY)
        waiter.timer = setTimeout(() => this.#tire(waiter, limitMs), limitMs);
    });
  }

  /** The time that a request has left. */
  #leftMs(share: Share | undefined): number {
    const { requestMs } = this.#options.limits;
    if (!share || requestMs === 0) return Number.POSITIVE_INFINITY;
    return share.spent ? 0 : requestMs - share.waited.ms;
  }

  #tire(waiter: Waiter, limitMs: number): void {
    this.#leave(waiter);
    waiter.refuse(
      new NoConnectionFree(`No connection to the database was free within ${Math.round(limitMs)} ms.`),
    );
  }

  #leave(waiter: Waiter): void {
    clearTimeout(waiter.timer);
    this.#waiting = this.#waiting.filter((other) => other !== waiter);
    waiter.share?.waited.stop();
  }

  #refuseAll(error: Error): void {
    for (const waiter of this.#waiting) {
      this.#leave(waiter);
      waiter.refuse(error);
    }
  }

  /** Gives free connections to waiters in order, and opens connections for those left over. */
  #serve(): void {
    this.#idle.dropSpoiled();
    let left = 0;
    for (const waiter of this.#waiting) {
      if (waiter.share && this.#inUse.isFull(waiter.share)) continue;
      const free = this.#idle.take();
      if (free) this.#lend(free, waiter);
      else left += 1;
    }
    const room = this.#options.size - this.#leases.size - this.#idle.count;
    for (let wanted = Math.min(left, room) - this.#opening; wanted > 0; wanted -= 1) this.#open();
  }

  #lend(connection: Connection, waiter: Waiter): void {
    const { share } = waiter;
    this.#leave(waiter);
    if (share) this.#inUse.begin(share);
    const { requestMs, leaseMs } = this.#options.limits;
    const limitMs = share && requestMs > 0 ? this.#leftMs(share) : leaseMs || Number.POSITIVE_INFINITY;
    const since = performance.now();
    const giveUp = () => {
      if (share && requestMs > 0) share.spent = true;
      connection.giveUp(new ConnectionLost(`no answer in ${Math.round(limitMs)} ms`));
      if (limitMs >= SILENCE_MS) this.#idle.giveUpUnheard(since);
    };
    const timer = limitMs < Number.POSITIVE_INFINITY ? setTimeout(giveUp, limitMs) : undefined;
    this.#leases.set(connection, { share, timer });
    waiter.take(connection);
  }

  #endLease(connection: Connection, { share, timer }: Lease): void {
    clearTimeout(timer);
    this.#leases.delete(connection);
    if (share) this.#inUse.end(share);
  }

  #open(): void {
    this.#opening += 1;
    this.#options.open().then(
      (connection) => {
        this.#opening -= 1;
        if (this.#closing) {
          connection.close();
          return;
        }
        this.#idle.add(connection);
        this.#serve();
      },
      (error: Error) => {
        this.#opening -= 1;
        this.#notOpened(error);
      },
    );
  }

  /** While a connection is open or being opened, a waiter may still get it. Otherwise all waiters fail now. */
  #notOpened(error: Error): void {
    if (this.#waiting.length === 0 || this.#opening > 0) return;
    if (this.#leases.size === 0) {
      this.#refuseAll(error);
      return;
    }
    this.#reopening ??= setTimeout(() => {
      this.#reopening = undefined;
      this.#serve();
    }, REOPEN_MS);
  }

  #closeIdle(idleMs: number): void {
    const closeBefore = performance.now() - idleMs;
    while (this.#leases.size + this.#idle.count > this.#options.keep)
      if (!this.#idle.closeOldest(closeBefore)) return;
  }
}
