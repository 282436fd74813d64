import { isAdtallyError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { type CounterSample, objectives } from '../objectives/objectives.ts';
import { CountHistory, cameBetween } from './count-history.ts';
import { readMetrics } from './metrics-text.ts';

/** A process to be asked. */
export interface FleetTarget {
  readonly name: string;
  readonly kind: 'serve' | 'streams';
  /** Without a slash at the end. */
  readonly url: string;
}

export interface FleetOptions {
  readonly clock: Clock;
  /** Found anew each round: the containers of a service come and go. */
  readonly targets: () => Promise<readonly FleetTarget[]>;
  /** GET. Errors: `HTTP_TIMEOUT`, `HTTP_FAILED`. */
  readonly ask: (url: string) => Promise<{ readonly status: number; readonly text: string }>;
  /** The console's own metrics. */
  readonly own: () => Promise<string>;
  /** Something that can't pass. */
  readonly onFailure: (error: unknown) => void;
}

/** A process as it answered last. */
export interface FleetProcess {
  readonly name: string;
  readonly kind: 'serve' | 'streams' | 'console';
  readonly url: string;
  readonly isUp: boolean;
  /** Since when it answers, or does not, as far as was watched, ms. */
  readonly sinceMs: number;
  /** When it answered last, ms; null: never. */
  readonly seenAtMs: number | null;
  /** How long the answer took, ms. */
  readonly answerMs: number;
  /** Why it does not answer; empty if it does. */
  readonly problem: string;
  /** Its last counts and gauges; kept while it is away. */
  readonly samples: readonly CounterSample[];
  /** JSON of its `/readyz`; null if it gave none. */
  readonly readiness: unknown;
}

const everyMs = 5_000;
const hourMs = 3_600_000;
const history = { pieceMs: 10_000, spanMs: 6 * hourMs } as const;

/** Counters whose history is kept. */
const kept: ReadonlySet<string> = new Set([
  ...objectives.map(({ metric }) => metric),
  'adtally_decisions_total',
  'adtally_slots_total',
  'adtally_flood_refused_total',
  'adtally_plan_ads_total',
]);

/** Asks every process of the platform what it counts, every few seconds, and keeps what came, for hours. */
export class FleetWatch {
  readonly #options: FleetOptions;
  readonly #processes = new Map<string, FleetProcess>();
  readonly #stopping = new AbortController();
  #history: CountHistory;
  #running: Promise<void> | null = null;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#history = new CountHistory({ ...history, sinceMs: options.clock.now() });
  }

  start(): void {
    this.#running ??= this.#run();
    this.#running.catch(this.#options.onFailure);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  get history(): Pick<CountHistory, 'last' | 'steps' | 'sinceMs'> {
    return this.#history;
  }

  /** In the order of their names. */
  processes(): readonly FleetProcess[] {
    return [...this.#processes.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Asks all once. */
  async round(): Promise<void> {
    const { targets, own, clock } = this.#options;
    const wanted = await targets();
    const known = new Set(wanted.map(({ name }) => name));
    for (const [name, { kind }] of this.#processes) {
      // Nobody lists it any more: a container that is gone for good.
      if (kind !== 'console' && !known.has(name)) this.#processes.delete(name);
    }
    const console = { name: 'console', kind: 'console', url: '' } as const;
    const ownAnswer = async () => ({ metrics: await own(), readiness: null });
    await Promise.all([
      ...wanted.map((target) => this.#look(target, () => this.#ask(target))),
      this.#look(console, ownAnswer),
    ]);
    this.#history.add(clock.now(), []);
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#stopping.signal.aborted) {
      await this.round();
      await clock.sleep(everyMs, this.#stopping.signal);
    }
  }

  async #look(
    target: Pick<FleetProcess, 'name' | 'kind' | 'url'>,
    ask: () => Promise<{ readonly metrics: string; readonly readiness: unknown }>,
  ): Promise<void> {
    const { clock } = this.#options;
    const before = this.#processes.get(target.name);
    const begunUs = clock.monotonicUs();
    const answer = await ask().catch((error: unknown) => {
      if (isAdtallyError(error)) return error;
      throw error;
    });
    const answerMs = (clock.monotonicUs() - begunUs) / 1_000;
    const now = clock.now();
    if (isAdtallyError(answer)) {
      const sinceMs = before === undefined || before.isUp ? now : before.sinceMs;
      const last = before ?? { ...target, seenAtMs: null, samples: [], readiness: null };
      this.#processes.set(target.name, { ...last, isUp: false, sinceMs, answerMs, problem: answer.message });
      return;
    }
    const samples = readMetrics(answer.metrics);
    this.#count(before, samples, now);
    const sinceMs = before?.isUp === true ? before.sinceMs : now;
    const { readiness } = answer;
    const seen = { isUp: true, sinceMs, seenAtMs: now, answerMs, problem: '', samples, readiness };
    this.#processes.set(target.name, { ...target, ...seen });
  }

  /** What a process counted before it was seen first is not of any window. */
  #count(before: FleetProcess | undefined, samples: readonly CounterSample[], now: number): void {
    if (before === undefined || before.seenAtMs === null) return;
    const ofHistory = ({ name }: CounterSample) => kept.has(name);
    this.#history.add(now, cameBetween(before.samples.filter(ofHistory), samples.filter(ofHistory)));
  }

  async #ask({ url }: FleetTarget) {
    const { ask } = this.#options;
    const [metrics, readiness] = await Promise.all([ask(`${url}/metrics`), ask(`${url}/readyz`)]);
    return { metrics: metrics.text, readiness: jsonOf(readiness.text) };
  }
}

/** A process that is too busy to answer in JSON is up all the same. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
