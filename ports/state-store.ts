/**
 * Local state of a fold on disk: keyed blobs, with the source position they belong to, replaced atomically. It is a cache of the log:
 * losing it costs a refold. Errors: `STATE_UNAVAILABLE`.
 */
export interface StateStore {
  /** Position of the last commit of a fold, as its owner wrote it, or null if there is none. */
  position(fold: string): Promise<string | null>;
  get(fold: string, key: string): Uint8Array | null;
  /** Every key with its blob, in the order of the keys. */
  entries(fold: string): Iterable<readonly [key: string, value: Uint8Array]>;
  /** Writes the changes and the position in one step, which survives the end of the process. A key appears in one of the changes only. */
  commit(fold: string, change: StateChange): Promise<void>;
  /** Forgets everything of a fold. */
  drop(fold: string): Promise<void>;
  close(): Promise<void>;
}

export interface StateChange {
  readonly position: string;
  readonly puts: readonly (readonly [key: string, value: Uint8Array])[];
  readonly deletes: readonly string[];
}
