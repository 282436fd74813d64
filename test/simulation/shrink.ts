import type { Fault, Plan } from './plan.ts';
import { type RunResult, simulate } from './simulate.ts';

const mostTries = 80;

/** What kind of failure it is: the first problem without ids and numbers. */
export function kindOf({ problems: [first = ''] }: Pick<RunResult, 'problems'>): string {
  return first.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|(cmp|adv)_\w+/g, '…').replace(/[0-9]+/g, '#');
}

/** A smaller plan that fails in the same way: without faults that it does not need, with fewer people, less time and fewer machines. */
export async function shrink(failed: RunResult): Promise<RunResult> {
  let best = failed;
  let tries = 0;
  for (let isSmaller = true; isSmaller && tries < mostTries; ) {
    isSmaller = false;
    for (const plan of smaller(best.plan)) {
      if (tries >= mostTries) break;
      tries += 1;
      const result = await simulate(plan);
      if (result.problems.length === 0 || kindOf(result) !== kindOf(failed)) continue;
      best = result;
      isSmaller = true;
      break;
    }
  }
  return best;
}

function* smaller(plan: Plan): Generator<Plan> {
  const { rates, visits, activeMs, edits, nodes, owners, shards } = plan;
  const named = Object.keys(rates) as Fault[];
  if (named.length > 3) {
    const half = named.slice(0, Math.floor(named.length / 2));
    yield { ...plan, rates: without(rates, half) };
    yield {
      ...plan,
      rates: without(
        rates,
        named.filter((fault) => !half.includes(fault)),
      ),
    };
  }
  for (const fault of named) yield { ...plan, rates: without(rates, [fault]) };
  if (visits > 1) yield { ...plan, visits: Math.floor(visits / 2) };
  if (activeMs > 3_000) yield { ...plan, activeMs: Math.floor(activeMs / 2) };
  if (edits > 0) yield { ...plan, edits: 0 };
  if (nodes > 1) yield { ...plan, nodes: nodes - 1 };
  if (owners > 1) yield { ...plan, owners: owners - 1 };
  if (shards > 1) yield { ...plan, shards: 1 };
}

function without(rates: Plan['rates'], gone: readonly Fault[]): Plan['rates'] {
  return Object.fromEntries(Object.entries(rates).filter(([fault]) => !gone.includes(fault as Fault)));
}
