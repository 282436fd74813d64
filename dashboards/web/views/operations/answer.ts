/** Answer of `GET /v1/operations`. */
export interface Operations {
  readonly at: string;
  readonly watched_since: string;
  readonly truths: readonly TruthLag[];
  readonly processes: readonly Process[];
  readonly nodes: readonly ServingNode[];
  readonly plans: readonly { readonly plan: string; readonly ads: number }[];
  readonly shards: readonly Work[];
  readonly reporting: readonly { readonly topic: string; readonly records: number; readonly lag_ms: number }[];
  readonly streams: readonly Stream[];
  readonly engines: readonly Engine[];
  readonly objectives: readonly Burn[];
  readonly quarantined: number;
}

export interface TruthLag {
  readonly truth: string;
  readonly lag_ms: number | null;
  readonly records: number | null;
  readonly tolerance_ms: number;
  readonly worst: string;
}

export interface Process {
  readonly name: string;
  readonly kind: string;
  readonly url: string;
  readonly problem: string;
  readonly is_up: boolean;
  readonly since: string;
  readonly seen_at: string | null;
  readonly answer_ms: number;
  readonly version: string | null;
  readonly started_at: string | null;
  readonly gauges: Readonly<
    Record<
      'buffer_entries' | 'buffer_bytes' | 'buffer_oldest_ms' | 'drawing' | 'fenced' | 'load' | 'zone' | 'memory_bytes',
      number | null
    >
  >;
}

export interface ServingNode {
  readonly node: string;
  readonly boot: string;
  readonly booted_at: string;
  readonly url: string | null;
  readonly state: string;
  readonly ended_by: string | null;
  readonly mark_age_ms: number | null;
  readonly entries: number | null;
  readonly decisions: number | null;
  readonly leases: readonly { readonly currency: string; readonly campaigns: number; readonly left_micros: string }[];
}

export interface Work {
  readonly processor: string;
  readonly truths: readonly string[];
  readonly shard: number;
  readonly owners: readonly {
    readonly process: string;
    readonly status: string;
    readonly code: string;
    readonly reason: string;
    readonly since: string | null;
  }[];
  readonly lag_ms: number | null;
  readonly records: number | null;
  readonly p95_ms: number | null;
}

export interface Stream {
  readonly stream: string;
  readonly records: number;
  readonly lag_ms: number;
  readonly time_age_ms: number | null;
  readonly damaged: boolean;
}

export interface Engine {
  readonly name: string;
  readonly engine: string;
  readonly ok: boolean;
  readonly answer_ms: number;
  readonly detail: string;
}

export interface Burn {
  readonly name: string;
  readonly title: string;
  readonly meaning: string;
  readonly target: number;
  readonly period_days: number;
  readonly windows: readonly {
    readonly window: string;
    readonly rate: number | null;
    readonly good: number;
    readonly total: number;
    readonly watched_ms: number;
    readonly is_whole: boolean;
  }[];
  readonly watched: {
    readonly rate: number | null;
    readonly left: number | null;
    readonly good: number;
    readonly total: number;
  };
}
