import type { ConsoleClient } from './console-client.ts';
import type { Check } from './run-report.ts';

interface Reconciliation {
  readonly id: string;
  readonly status?: string;
  readonly result?: 'tallies' | 'differs';
  readonly unexplained_micros?: string;
  readonly breaks_total?: number;
  readonly self_test?: string;
  readonly closed_selections?: number;
  readonly selections?: number;
}

interface Replay {
  readonly id: string;
  readonly status?: string;
  readonly result?: 'tallies' | 'differs';
}

const lookMs = 500;
const patienceMs = 180_000;

/** Has the platform reconcile itself: nothing may be unexplained. */
export async function proveByReconciliation(client: ConsoleClient, say: (sentence: string) => void): Promise<Check> {
  say('reconciling');
  const report = await run<Reconciliation>(client, '/v1/reconciliations');
  const { result, unexplained_micros, breaks_total, self_test, selections, closed_selections } = report;
  return {
    name: 'reconciliation tallies, unexplained 0',
    holds: result === 'tallies' && unexplained_micros === '0',
    detail: `${result}, unexplained ${unexplained_micros}, breaks ${breaks_total}, ${closed_selections} of ${selections} selections closed, self-test ${self_test}, report ${report.id}`,
  };
}

/** Has the log folded into a fresh ledger: the digests must be equal. */
export async function proveByReplay(client: ConsoleClient, say: (sentence: string) => void): Promise<Check> {
  say('replaying the log into a fresh ledger');
  const replay = await run<Replay>(client, '/v1/audit/replays');
  return { name: 'replay digest equal', holds: replay.result === 'tallies', detail: `${replay.result}, ${replay.id}` };
}

/** Starts a run and waits until its result is there. */
async function run<T extends { readonly id: string; readonly result?: string }>(
  client: ConsoleClient,
  path: string,
): Promise<T> {
  const started = await client.post<T>(path, {}, `simulate-${Date.now()}`);
  const until = Date.now() + patienceMs;
  for (let seen = started; ; ) {
    if (seen.result !== undefined) return seen;
    if (Date.now() > until) throw new Error(`${path}/${started.id} did not finish`);
    await new Promise((resolve) => setTimeout(resolve, lookMs));
    seen = await client.get<T>(`${path}/${started.id}`);
  }
}
