import type { Logger } from '../platform/log/logger.ts';
import type { Metrics } from '../platform/metrics.ts';

/** The client, person and grant of an event; never a token, a code or a secret. */
export interface EventSubject {
  clientId: string;
  personId?: string | undefined;
  grantId?: string | undefined;
}

/**
 * The events that an auditor asks for. Each event writes one log line with its name as `audit`, and adds to one counter.
 * The level is `warn`, or `info` for an event that needs nobody's attention.
 */
export interface Events {
  /** A refresh token was presented again inside the replay window and got the same successor. */
  refreshTokenReplayed(subject: EventSubject): void;
  /**
   * A refresh token was presented after its successor was used, or too late: its grant is revoked (RFC 9700 section
   * 4.14.2).
   */
  refreshTokenReused(subject: EventSubject & { behind: number }): void;
  /** A refresh token was newer than the database knew: a failover or a restore lost a commit. */
  refreshTokenAhead(subject: EventSubject & { ahead: number }): void;
}

export function createEvents({ logger, metrics }: { logger: Logger; metrics: Metrics }): Events {
  const record =
    (name: string, level: 'info' | 'warn' = 'warn') =>
    (detail: object) => {
      metrics.countAudit(name);
      logger[level]({ audit: name, ...detail }, 'audit');
    };
  return {
    refreshTokenReplayed: record('refresh_token.replayed', 'info'),
    refreshTokenReused: record('refresh_token.reused'),
    refreshTokenAhead: record('refresh_token.ahead'),
  };
}
