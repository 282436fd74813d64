import { isAdtallyError } from '../domain/errors.ts';
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

interface Explanation {
  readonly tallies: boolean;
  readonly price: { readonly rule: string; readonly deal_id: string | null } | null;
  readonly differences: readonly unknown[];
}

/** So many selections are explained at most, spread over the run. */
const explainedAtMost = 300;

/**
 * Has selections decided again: every number of their records must come out the same. A selection whose record was lost with its process can't be
 * explained; reconciliation names those.
 */
export async function proveByExplanation(
  client: ConsoleClient,
  selectionIds: readonly string[],
  say: (sentence: string) => void,
): Promise<Check> {
  say('deciding selections again');
  const every = Math.max(1, Math.ceil(selectionIds.length / explainedAtMost));
  const rules = new Map<string, number>();
  const differing: string[] = [];
  let lost = 0;
  for (const id of selectionIds.filter((_, index) => index % every === 0)) {
    const told = await explanationOf(client, id);
    if (told === null) lost += 1;
    else if (!told.tallies) differing.push(`${id}: ${JSON.stringify(told.differences).slice(0, 300)}`);
    else rules.set(saleOf(told), (rules.get(saleOf(told)) ?? 0) + 1);
  }
  const agree = [...rules].map(([rule, count]) => `${count} ${rule}`).join(', ');
  return {
    name: 'selections decided again are the same',
    holds: differing.length === 0 && rules.size > 0,
    detail: `${agree}${lost === 0 ? '' : `; ${lost} without a record`}${differing[0] === undefined ? '' : `; ${differing.length} differ, first ${differing[0]}`}`,
  };
}

/** Null: there is no record of it. */
async function explanationOf(client: ConsoleClient, id: string): Promise<Explanation | null> {
  try {
    return await client.get<Explanation>(`/v1/audit/explain?selection_id=${id}`);
  } catch (error) {
    if (isAdtallyError(error, 'HTTP_FAILED') && error.message.includes(': 404 NOT_FOUND')) return null;
    throw error;
  }
}

function saleOf({ price }: Explanation): string {
  return price?.deal_id === null ? price.rule : `${price?.rule} (${price?.deal_id})`;
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
