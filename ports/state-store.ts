/**
 * Local state of a fold on disk: keyed blobs, with the source position they belong to, replaced atomically. It is a cache of the log:
 * losing it costs a refold. Errors: `STATE_UNAVAILABLE`; `STATE_CONFLICT` of a commit that builds on another position than the stored one.
 */
export interface StateStore {
  /** Position of the last commit of a fold, as its owner wrote it, or null if there is none. */
  position(fold: string): Promise<string | null>;
  get(fold: string, key: string): Uint8Array | null;
  /** Every key with its blob, in the order of the keys, from a key on if one is given. */
  entries(fold: string, from?: string): Iterable<readonly [key: string, value: Uint8Array]>;
  /** Writes the changes and the position in one step, which survives the end of the process. A key appears in one of the changes only. */
  commit(fold: string, change: StateChange): Promise<void>;
  /** Forgets everything of a fold. */
  drop(fold: string): Promise<void>;
  close(): Promise<void>;
}

export interface StateChange {
  readonly position: string;
  /**
   * The position that these changes build on (null: none): any other is a conflict, and nothing is written. So a former owner that wakes up late
   * can't mix its changes into those of its successor. Omitted: not compared.
   */
  readonly after?: string | null;
  readonly puts: readonly (readonly [key: string, value: Uint8Array])[];
  readonly deletes: readonly string[];
}
