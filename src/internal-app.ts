import Koa from 'koa';
import type { Services } from './compose.ts';
import { createRouter } from './http/routing.ts';
import { METRICS_TYPE, sumMetrics } from './platform/metrics.ts';
import type { Answering, Readiness } from './workers/messages.ts';
import type { Workers } from './workers/workers.ts';

const RETRY_AFTER_SECONDS = '5';

type ReadinessServices = Pick<Services, 'database' | 'databaseTime' | 'keyRings' | 'listnrKnowledge'>;

/**
 * The operators' application: metrics, and health with its reasons. It has its own port (INTERNAL_PORT), which nobody
 * else can reach, instead of guarded paths in the public application.
 */
export function createInternalApp(
  services: ReadinessServices & Pick<Services, 'metrics'>,
  { retiring }: { retiring(): boolean },
): Koa {
  const { registry } = services.metrics;
  return applicationOf({
    metrics: () => registry.metrics(),
    readiness: () => readinessOf(services, retiring()),
  });
}

/** Nothing is counted while the process waits for the database. */
export function createStartingInternalApp(): Koa {
  return applicationOf({ metrics: async () => undefined, readiness: async () => ({ status: 'starting' }) });
}

/** In a cluster, the primary answers for all processes. */
export function createClusterInternalApp(workers: Pick<Workers, 'ask' | 'stopping'>): Koa {
  return applicationOf({
    async metrics() {
      const answers = await workers.ask('metrics');
      if (answers.some(({ answer }) => answer === undefined)) return undefined;
      const counted = answers.flatMap(({ answer }) => (answer ? [answer] : []));
      return counted.length === 0 ? undefined : sumMetrics(counted);
    },
    async readiness() {
      const answers = await workers.ask('readiness');
      const each = answers.map(({ pid, answer = { status: 'silent' } }) => ({ pid, ...answer }));
      const ready = each.filter(({ status }) => status === 'ready').length;
      const status = workers.stopping ? 'draining' : ready > 0 ? 'ready' : 'not ready';
      return { status, ready, workers: each };
    },
  });
}

/** A worker's answers to the primary. */
export function answeringOf(
  services: ReadinessServices & Pick<Services, 'metrics'>,
  { retiring }: { retiring(): boolean },
): Answering {
  return {
    metrics: () => services.metrics.registry.getMetricsAsJSON(),
    readiness: () => readinessOf(services, retiring()),
  };
}

/** The parts of readiness. */
async function readinessOf(
  { database, databaseTime, keyRings, listnrKnowledge }: ReadinessServices,
  retiring: boolean,
): Promise<Readiness> {
  const started = performance.now();
  const error = await database.ready().then(
    () => undefined,
    (cause: Error) => cause.message,
  );
  return {
    status: retiring ? 'draining' : error ? 'not ready' : 'ready',
    database: {
      kind: database.kind,
      ms: Math.round(performance.now() - started),
      ...(error ? { error } : {}),
    },
    clock: { offsetSeconds: databaseTime.offsetSeconds },
    keys: { oidc: keyRings.oidc.current.kid, listnr: keyRings.listnr.current.kid },
    listnr: { clients: listnrKnowledge.clients, knowledgeAgeSeconds: listnrKnowledge.ageSeconds() },
  };
}

/** `metrics` returns undefined when they are incomplete: half a sum would look like a restart. */
function applicationOf({
  metrics,
  readiness,
}: {
  metrics(): Promise<string | undefined>;
  readiness(): Promise<Readiness>;
}): Koa {
  const router = createRouter();
  router.get('/metrics', async (ctx) => {
    const text = await metrics();
    if (text === undefined) {
      ctx.status = 503;
      ctx.set('Retry-After', RETRY_AFTER_SECONDS);
      ctx.body = { status: 'not ready' };
      return;
    }
    ctx.type = METRICS_TYPE;
    ctx.body = text;
  });
  router.get('/healthz', (ctx) => {
    ctx.body = { status: 'ok', uptimeSeconds: Math.floor(process.uptime()), pid: process.pid };
  });
  router.get('/readyz', async (ctx) => {
    const answer = await readiness();
    ctx.status = answer.status === 'ready' ? 200 : 503;
    ctx.body = answer;
  });
  const app = new Koa();
  app.use(router.routes() as never);
  return app;
}
