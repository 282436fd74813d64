import type { CounterSample } from '../objectives/objectives.ts';

export interface CountHistoryOptions {
  /** When the watching began, ms. */
  readonly sinceMs: number;
  /** Length of the pieces in which it is kept, ms. */
  readonly pieceMs: number;
  /** How far it reaches back, ms. */
  readonly spanMs: number;
}

/** What was counted in a window that ends now. */
export interface Counted {
  readonly samples: readonly CounterSample[];
  /** How much of the window was watched, ms: all of it, or what has passed since the watching began. */
  readonly watchedMs: number;
}

interface Piece {
  readonly startMs: number;
  /** By series. */
  readonly counts: Map<string, number>;
}

/** What came of each counter, in pieces of time, bounded: pieces that are older than the span are forgotten. */
export class CountHistory {
  readonly #options: CountHistoryOptions;
  readonly #series = new Map<string, Omit<CounterSample, 'value'>>();
  readonly #pieces: Piece[] = [];

  constructor(options: CountHistoryOptions) {
    this.#options = options;
  }

  get sinceMs(): number {
    return this.#options.sinceMs;
  }

  /** Adds what came of counters up to now. */
  add(nowMs: number, came: readonly CounterSample[]): void {
    const { pieceMs, spanMs } = this.#options;
    const startMs = Math.floor(nowMs / pieceMs) * pieceMs;
    let piece = this.#pieces.at(-1);
    if (piece === undefined || piece.startMs < startMs) {
      piece = { startMs, counts: new Map() };
      this.#pieces.push(piece);
    }
    for (const { name, labels, value } of came) {
      if (value === 0) continue;
      const key = seriesOf({ name, labels });
      if (!this.#series.has(key)) this.#series.set(key, { name, labels });
      piece.counts.set(key, (piece.counts.get(key) ?? 0) + value);
    }
    const oldest = nowMs - spanMs - pieceMs;
    while ((this.#pieces[0]?.startMs ?? nowMs) < oldest) this.#pieces.shift();
  }

  /** Sums over the last `windowMs`; its beginning is taken to the piece. */
  last(nowMs: number, windowMs: number): Counted {
    const from = nowMs - windowMs;
    const sums = new Map<string, number>();
    for (const { startMs, counts } of this.#pieces) {
      if (startMs < from) continue;
      for (const [key, value] of counts) sums.set(key, (sums.get(key) ?? 0) + value);
    }
    const watchedMs = Math.max(0, Math.min(windowMs, nowMs - this.#options.sinceMs));
    return { samples: this.#samples(sums), watchedMs };
  }

  /** Pieces of `stepMs` from the beginning of the watching, or of the span, to now: those in which nothing came as well. */
  steps(
    nowMs: number,
    stepMs: number,
  ): readonly { readonly startMs: number; readonly samples: readonly CounterSample[] }[] {
    const { sinceMs, spanMs } = this.#options;
    const first = Math.ceil(Math.max(sinceMs, nowMs - spanMs) / stepMs) * stepMs;
    const sums = new Map<number, Map<string, number>>();
    for (let startMs = first; startMs + stepMs <= nowMs; startMs += stepMs) sums.set(startMs, new Map());
    for (const { startMs, counts } of this.#pieces) {
      const sum = sums.get(Math.floor(startMs / stepMs) * stepMs);
      if (sum !== undefined) for (const [key, value] of counts) sum.set(key, (sum.get(key) ?? 0) + value);
    }
    return [...sums].map(([startMs, sum]) => ({ startMs, samples: this.#samples(sum) }));
  }

  #samples(sums: ReadonlyMap<string, number>): CounterSample[] {
    return [...sums].flatMap(([key, value]) => {
      const series = this.#series.get(key);
      return series === undefined ? [] : [{ ...series, value }];
    });
  }
}

/**
 * What came of each series between two readings of one process. A counter that is lower than it was began anew with its process: what it says now is what
 * came since.
 */
export function cameBetween(before: readonly CounterSample[], after: readonly CounterSample[]): CounterSample[] {
  const earlier = new Map(before.map((one) => [seriesOf(one), one.value]));
  return after.map((sample) => {
    const was = earlier.get(seriesOf(sample)) ?? 0;
    return { ...sample, value: sample.value >= was ? sample.value - was : sample.value };
  });
}

function seriesOf({ name, labels }: Omit<CounterSample, 'value'>): string {
  const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `${name}${JSON.stringify(pairs)}`;
}
