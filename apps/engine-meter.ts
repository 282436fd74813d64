import { Counter, Histogram, type Registry } from 'prom-client';
import { isAdtallyError } from '../domain/errors.ts';

export type EngineName = 'log' | 'views' | 'keys' | 'ledger' | 'states' | 'warehouse';

/** `refused`: the engine answers, and says no (another was first, a query is wrong). `failed`: it does not answer, or not as it should. */
type Outcome = 'ok' | 'refused' | 'failed';

/** Calls that wait for somebody else, or for the end. */
const unmeasured: ReadonlySet<PropertyKey> = new Set(['wait', 'join', 'close', 'subscribe']);
const bucketsMs = [1, 2, 5, 10, 25, 50, 100, 250, 1_000, 5_000];

/** What the engines look like from this process: how long their calls take, and how they end. */
export class EngineMeter {
  readonly #calls = new Counter({
    name: 'adtally_engine_calls_total',
    help: 'Calls of an engine by this process: ok, refused (it answers, and says no) or failed',
    labelNames: ['engine', 'call', 'outcome'],
    registers: [],
  });
  readonly #times = new Histogram({
    name: 'adtally_engine_call_ms',
    help: 'Time of the calls of an engine, as this process sees it',
    labelNames: ['engine', 'call'],
    buckets: bucketsMs,
    registers: [],
  });
  readonly #nowUs: () => number;

  constructor(nowUs: () => number) {
    this.#nowUs = nowUs;
  }

  addTo(registry: Registry): void {
    registry.registerMetric(this.#calls);
    registry.registerMetric(this.#times);
  }

  /** The same port, whose calls that give a promise are counted. They are passed on as they are, and their promises are given back untouched. */
  measure<Port extends object>(engine: EngineName, port: Port): Port {
    const wrapped = new Map<PropertyKey, unknown>();
    return new Proxy(port, {
      get: (target, name) => {
        const known = wrapped.get(name);
        if (known !== undefined) return known;
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        const call = value as (...args: readonly unknown[]) => unknown;
        const bound = unmeasured.has(name)
          ? (...args: readonly unknown[]) => call.apply(target, args as unknown[])
          : this.#counted(engine, String(name), (args) => call.apply(target, args as unknown[]));
        wrapped.set(name, bound);
        return bound;
      },
    });
  }

  #counted(engine: EngineName, call: string, run: (args: readonly unknown[]) => unknown) {
    const times = this.#times.labels(engine, call);
    const counted = (outcome: Outcome) => this.#calls.labels(engine, call, outcome);
    const [ok, refused, failed] = [counted('ok'), counted('refused'), counted('failed')];
    return (...args: readonly unknown[]): unknown => {
      const startedUs = this.#nowUs();
      const result = run(args);
      if (!(result instanceof Promise)) return result;
      const end = (outcome: typeof ok) => {
        times.observe((this.#nowUs() - startedUs) / 1_000);
        outcome.inc();
      };
      result.then(
        () => end(ok),
        (error: unknown) => end(isRefusal(error) ? refused : failed),
      );
      return result;
    };
  }
}

function isRefusal(error: unknown): boolean {
  return isAdtallyError(error) && !error.retriable && error.code !== 'INVARIANT_BROKEN';
}
