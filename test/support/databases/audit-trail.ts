import type { Knex } from 'knex';

export interface TrailEvent {
  event: string;
  person_id: string | null;
  client_id: string | null;
  instance_id: string | null;
  way: string;
  address: string | null;
  request_id: string | null;
  detail: Record<string, unknown>;
}

/** The events that `work` causes, in their order, without numbers and times. */
export async function eventsOf(knex: Knex, work: () => Promise<unknown>): Promise<TrailEvent[]> {
  const { last } = (await knex('audit_events').max({ last: 'id' }).first()) ?? {};
  await work();
  const events = await knex('audit_events')
    .where('id', '>', last ?? 0)
    .orderBy('id');
  return events.map(({ id: _id, at: _at, ...event }) => event);
}

/** An event that a request over HTTP has caused. */
export const BY_REQUEST = {
  way: 'request',
  address: '127.0.0.1',
  request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
} as const;

/** An event without a request. */
export function by(way: string): Pick<TrailEvent, 'way' | 'address' | 'request_id'> {
  return { way, address: null, request_id: null };
}
