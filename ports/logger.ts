import type { LogCode } from '../domain/log-codes.ts';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Further facts of a line, flat: `selection_id`, `trace_id`, `processor`, `shard`, `bidder_id` … What may name a person is never one. */
export type LogFields = Readonly<Record<string, string | number | boolean>>;

/**
 * What a process says of itself to whoever operates it: a line for each thing worth a look, under a stable code. Secrets, tokens, addresses, persons and
 * markup in what it is given are taken out; what comes too fast or is the same again is left out and counted, so that no stranger fills a disk. Never
 * throws and never waits.
 */
export interface Logger {
  say(level: LogLevel, code: LogCode, sentence: string, fields?: LogFields): void;
  /** An error under its own code: `warn` if it passes by itself, else `error`; one that nobody has foreseen with its stack. */
  failure(error: unknown, fields?: LogFields): void;
  /** Says what was left out so far. */
  flush(): void;
}
