import { type ClickHouseClient, ClickHouseLogLevel } from '@clickhouse/client';

/** Settings of one session by name. */
export type SessionSettings = Readonly<Record<string, string | number>>;

/** Whoever gets the error decides what is said of it. */
export const quiet = { level: ClickHouseLogLevel.OFF };

/** What a session is for. */
export interface SessionUse {
  readonly settings: SessionSettings;
  /** Where names without a database are looked up; it must exist. */
  readonly database?: string;
  /** Longest wait for an answer, ms. */
  readonly timeoutMs: number;
  /** Statements of an analyst: nothing can be written. */
  readonly forAnalyst?: boolean;
}

/** Opens sessions on one ClickHouse. What is set on a session (`readonly`!) stays on it and touches no other. */
export interface Sessions {
  open(use: SessionUse): Promise<ClickHouseClient>;
}
