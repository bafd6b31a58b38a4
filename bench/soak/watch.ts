import { readdirSync, readFileSync } from 'node:fs';
import type { Client } from 'pg';

/** The process's memory at one moment, in bytes. */
export interface Sample {
  /** All its pages in memory, including those of files. */
  resident: number;
  /** The same, but only its share of shared pages. It changes when another `node` starts. */
  proportional: number;
  /** The memory that belongs to no file: heap, stacks, buffers. */
  anonymous: number;
  descriptors: number;
}

export function takeSample(pid: number): Sample {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]) * 1024;
  return {
    resident: bytes('Rss'),
    proportional: bytes('Pss'),
    anonymous: bytes('Anonymous'),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}

const TABLES = [
  'grants',
  'refresh_families',
  'sessions',
  'artifacts',
  'revoked_access_tokens',
  'consents',
  'upstream_sign_ins',
  'used_proofs',
  'denied_subjects',
] as const;

export async function countRows(database: Client): Promise<Record<string, number>> {
  const counts = TABLES.map((table) => `(SELECT count(*)::int FROM ${table}) AS ${table}`);
  const { rows } = await database.query(`SELECT ${counts.join(', ')}`);
  return rows[0];
}

/** The figures of a scrape: bytes, and the number of series. */
export interface Scraped {
  heapUsed: number;
  /** V8's compiled code, which grows while V8 finds frequently used functions. */
  compiled: number;
  series: number;
}

/** Scrapes as Prometheus does. */
export async function scrape(url: string): Promise<Scraped> {
  const text = await (await fetch(url)).text();
  const space = (name: string) =>
    Number(
      new RegExp(`^nodejs_heap_space_size_total_bytes\\{space="${name}"\\} (\\S+)$`, 'm').exec(text)?.[1],
    );
  return {
    heapUsed: Number(/^nodejs_heap_size_used_bytes (\S+)$/m.exec(text)?.[1]),
    compiled: space('code') + space('trusted'),
    series: text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length,
  };
}
