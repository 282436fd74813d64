import type { ConsoleClient } from './console-client.ts';
import type { Check } from './run-report.ts';

interface Run {
  readonly id: string;
  readonly status: 'running' | 'finished' | 'failed';
  readonly progress: string | null;
  readonly problem: string | null;
  readonly result?: 'tallies' | 'differs';
}

interface Reconciliation extends Run {
  readonly unexplained_micros?: string;
  readonly breaks?: readonly Readonly<Record<string, unknown>>[];
  readonly breaks_total?: number;
  readonly differences_total?: number;
  readonly self_test?: string;
  readonly selections?: number;
  readonly closed_selections?: number;
  readonly invariants?: readonly { readonly number: number; readonly holds: boolean }[];
}

interface Replay extends Run {
  readonly records?: number;
  readonly entries?: number;
  readonly digest?: string;
  readonly replayed_digest?: string;
}

const lookMs = 300;
const patienceMs = 300_000;

/** Has the platform reconcile itself: nothing may be unexplained, and every selection's window must have closed. */
export async function proveByReconciliation(client: ConsoleClient, say: (sentence: string) => void): Promise<Check> {
  say('reconciling');
  const report = await run<Reconciliation>(client, '/v1/reconciliations');
  const { id, problem, result, unexplained_micros, breaks = [], breaks_total, self_test } = report;
  const { selections, closed_selections, differences_total, invariants = [] } = report;
  const broken = invariants.filter(({ holds }) => !holds).map(({ number }) => number);
  const first = breaks[0] === undefined ? '' : `; first break ${JSON.stringify(breaks[0]).slice(0, 500)}`;
  return {
    name: 'reconciliation tallies, unexplained 0',
    holds: result === 'tallies' && unexplained_micros === '0' && self_test === 'passed',
    detail:
      problem ??
      `${result}: unexplained ${unexplained_micros}, ${breaks_total} breaks, ${differences_total} differences each with its cause, ${closed_selections} of ${selections} selections closed, self-test ${self_test}, invariants broken ${broken.join() || 'none'}, report ${id}${first}`,
  };
}

/** Has the log folded into a fresh ledger: the digests must be equal. */
export async function proveByReplay(client: ConsoleClient, say: (sentence: string) => void): Promise<Check> {
  say('replaying the log into a fresh ledger');
  const { problem, result, records, entries, digest, replayed_digest } = await run<Replay>(client, '/v1/audit/replays');
  return {
    name: 'replay digest equal',
    holds: result === 'tallies' && digest !== undefined && digest === replayed_digest,
    detail:
      problem ??
      `${result}: ${records} records, ${entries} entries, ${digest?.slice(0, 16)}… = ${replayed_digest?.slice(0, 16)}…`,
  };
}

/** Starts a run and waits until it has ended. */
async function run<T extends Run>(client: ConsoleClient, path: string): Promise<T> {
  const started = await client.post<T>(path, {}, `simulate-${Date.now()}`);
  const until = Date.now() + patienceMs;
  for (let seen = started; ; ) {
    if (seen.status !== 'running') return seen;
    if (Date.now() > until) throw new Error(`${path}/${started.id} did not end; it says: ${seen.progress}`);
    await new Promise((resolve) => setTimeout(resolve, lookMs));
    seen = await client.get<T>(`${path}/${started.id}`);
  }
}
