/** A view: a value built from the log, with the version it was built at. */
export interface View {
  readonly version: number;
  readonly value: Uint8Array;
}

export interface ViewWrite {
  readonly key: string;
  /** A write with a version not above the stored one changes nothing, so that replays and late writers are harmless. */
  readonly version: number;
  readonly value: Uint8Array;
  /** Unix ms after which the view is gone; omitted: never. */
  readonly expiresAt?: number;
}

/** Materialised views, read by the hot path in one round trip. Rebuilt from the log at will. Error: `VIEWS_UNAVAILABLE` (retriable). */
export interface ViewStore {
  /** In the order of the keys; null where there is none. A write by another process may be seen up to a quarter of a second late. */
  getMany(keys: readonly string[]): Promise<readonly (View | null)[]>;
  /** Resolves with true for every write that took effect. */
  putMany(writes: readonly ViewWrite[]): Promise<readonly boolean[]>;
  delete(keys: readonly string[]): Promise<void>;
  close(): Promise<void>;
}
