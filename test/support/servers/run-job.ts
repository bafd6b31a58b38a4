import { jobsOf } from '../../../src/jobs.ts';
import type { TestServer } from './test-server.ts';

/** Runs one of a server's jobs now. */
export async function runJob({ services }: Pick<TestServer, 'services'>, name: string): Promise<void> {
  const job = jobsOf(services).find((job) => job.name === name);
  if (!job) throw new Error(`There is no job ${name}.`);
  await job.run(new AbortController().signal);
}
