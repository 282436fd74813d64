import fc from 'fast-check';

/** Says what became of one input; each call counts as one input tried. */
export type Seen = (outcome: string) => void;

/** What a target tries, once what it needs is open. */
export interface Opened<T> {
  readonly inputs: fc.Arbitrary<T>;
  /** Tries an input; throws if something that must hold does not. */
  readonly holds: (input: T, seen: Seen) => void | Promise<void>;
  readonly close?: () => Promise<void>;
}

export interface CampaignOptions {
  readonly runs: number;
  readonly seed: number;
  /** From a failure's report: tries that input alone. */
  readonly path?: string;
}

export interface CampaignReport {
  readonly target: string;
  readonly runs: number;
  readonly inputs: number;
  /** How many inputs ended how, most frequent first. */
  readonly outcomes: readonly (readonly [outcome: string, inputs: number])[];
  /** The smallest input found that breaks it, and how to try it again; null if all held. */
  readonly failure: string | null;
}

/** Something whose inputs are made up by a seed: what is tried and what must hold is `about`. */
export interface FuzzTarget {
  readonly name: string;
  readonly about: string;
  /** Runs of the short campaign that belongs to the tests. */
  readonly shortRuns: number;
  readonly campaign: (options: CampaignOptions) => Promise<CampaignReport>;
}

export function fuzzTarget<T>(spec: {
  readonly name: string;
  readonly about: string;
  readonly shortRuns: number;
  readonly open: () => Opened<T> | Promise<Opened<T>>;
}): FuzzTarget {
  const { name, about, shortRuns, open } = spec;
  return { name, about, shortRuns, campaign: async (options) => campaign(name, await open(), options) };
}

async function campaign<T>(
  target: string,
  { inputs, holds, close }: Opened<T>,
  { runs, seed, path }: CampaignOptions,
): Promise<CampaignReport> {
  const outcomes = new Map<string, number>();
  const seen: Seen = (outcome) => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  try {
    const property = fc.asyncProperty(inputs, async (input) => holds(input, seen));
    const result = await fc.check(property, { numRuns: runs, seed, ...(path !== undefined && { path }) });
    return {
      target,
      runs: result.numRuns,
      inputs: [...outcomes.values()].reduce((sum, count) => sum + count, 0),
      outcomes: [...outcomes].sort(([, a], [, b]) => b - a),
      failure: result.failed ? failureText(result) : null,
    };
  } finally {
    await close?.();
  }
}

function failureText<T>(result: fc.RunDetails<[T]>): string {
  const { seed, counterexamplePath, counterexample, errorInstance } = result;
  const cause = errorInstance instanceof Error ? (errorInstance.stack ?? errorInstance.message) : String(errorInstance);
  return `--seed ${seed} --path ${counterexamplePath}\n${fc.stringify(counterexample).slice(0, 4_000)}\n${cause.slice(0, 4_000)}`;
}
