import type { ConsoleRoutes } from '../console-app.ts';

/** One thing that the console needs. `detail` is for people. */
export interface Dependency {
  readonly ok: boolean;
  readonly detail: string;
}

export type Dependencies = () => Promise<Readonly<Record<string, Dependency>>>;

/**
 * `GET /healthz`: the process lives. `GET /readyz`: it can answer, and what it waits for if not. `GET /metrics`: how far behind it is, as Prometheus reads
 * it. Open, as on the public side: nothing in them is anybody's data.
 */
export function healthRoutes(dependencies: Dependencies, metrics: () => Promise<string>): ConsoleRoutes {
  return (app) => {
    const schema = (summary: string) => ({ schema: { tags: ['operation'], summary } });
    app.get('/healthz', schema('Liveness'), async () => ({ status: 'ok' }));
    app.get('/readyz', schema('Readiness with each dependency'), async (_request, reply) => {
      const checks = await dependencies();
      const ready = Object.values(checks).every(({ ok }) => ok);
      if (!ready) reply.code(503).header('retry-after', '1');
      return { status: ready ? 'ready' : 'not_ready', checks };
    });
    app.get('/metrics', schema('Metrics for Prometheus'), async (_request, reply) =>
      reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics()),
    );
  };
}
