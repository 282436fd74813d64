import type { Clock } from '../../ports/clock.ts';
import type { ConsoleRoutes } from '../console-app.ts';
import type { OperationsReport } from '../operations/operations-report.ts';

export interface OperationsRoutesDeps {
  readonly clock: Clock;
  readonly read: () => Promise<OperationsReport>;
  readonly fleet: { start(): void; stop(): Promise<void> };
}

const rows = { type: 'array', items: { type: 'object', additionalProperties: true } } as const;
const answer = {
  title: 'operations',
  type: 'object',
  properties: {
    at: { type: 'string', format: 'date-time' },
    watched_since: { type: 'string', format: 'date-time', description: 'Nothing before it is in any window.' },
    alerts: { ...rows, description: 'What somebody should look at.' },
    truths: { ...rows, description: 'How far each truth lies behind the evidence, and how far it may.' },
    processes: { ...rows, description: 'Every process that is watched, and how it answers.' },
    nodes: { ...rows, description: 'Serving nodes as the log has them: boot, marks, buffer, leases.' },
    plans: { ...rows, description: 'Ads of the last 5 minutes by plan of degradation.' },
    shards: { ...rows, description: 'Who works on each shard of each processor, since when, and how far it is.' },
    streams: { ...rows, description: 'Ledger streams: what each lacks of `spend`.' },
    reporting: { ...rows, description: 'What the warehouse lacks, by topic.' },
    engines: { ...rows, description: 'Engines, whether they answer, and how fast.' },
    objectives: {
      ...rows,
      description: 'Objectives with burn rates by window; a window that was not wholly watched has none.',
    },
    quarantined: { type: 'integer' },
  },
} as const;

/** However many pages look, the engines are asked once in so long. */
const freshMs = 1_000;

/** `GET /v1/operations`: how the platform runs, process by process and shard by shard. The fleet is watched as long as the console runs. */
export function operationsRoutes({ clock, read, fleet }: OperationsRoutesDeps): ConsoleRoutes {
  let kept: { readonly atMs: number; readonly report: Promise<OperationsReport> } | null = null;
  const report = (): Promise<OperationsReport> => {
    const now = clock.now();
    if (kept !== null && now - kept.atMs < freshMs) return kept.report;
    const asked = { atMs: now, report: read() };
    kept = asked;
    // A failure is each asker's to hear, but nobody's to hear again.
    asked.report.catch(() => {
      if (kept === asked) kept = null;
    });
    return asked.report;
  };
  return (app) => {
    fleet.start();
    app.addHook('onClose', () => fleet.stop());
    app.get(
      '/v1/operations',
      {
        config: { roles: ['auditor'] },
        schema: { summary: 'How the platform runs', tags: ['operation'], response: { 200: answer } },
      },
      report,
    );
  };
}
