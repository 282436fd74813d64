import type { FastifyInstance } from 'fastify';

/** One thing that serving needs. `detail` is for people. */
export interface Dependency {
  readonly ok: boolean;
  readonly detail: string;
}

export interface HealthDeps {
  /** Every dependency by its name. */
  readonly dependencies: () => Readonly<Record<string, Dependency>>;
  /** Prometheus text. */
  readonly metrics: () => Promise<string>;
}

const metricsType = 'text/plain; version=0.0.4; charset=utf-8';

/** `GET /healthz`: the process lives. `GET /readyz`: it can serve, and what it waits for if not. `GET /metrics`: Prometheus. */
export function registerHealth(app: FastifyInstance, { dependencies, metrics }: HealthDeps): void {
  const schema = (summary: string) => ({ schema: { tags: ['operation'], summary } });
  app.get('/healthz', schema('Liveness'), async () => ({ status: 'ok' }));
  app.get('/readyz', schema('Readiness with each dependency'), async (_request, reply) => {
    const checks = dependencies();
    const ready = Object.values(checks).every(({ ok }) => ok);
    if (!ready) reply.code(503).header('retry-after', '1');
    return reply.send({ status: ready ? 'ready' : 'not_ready', checks });
  });
  app.get('/metrics', schema('Prometheus metrics'), async (_request, reply) =>
    reply.type(metricsType).send(await metrics()),
  );
}
