import { AdtallyError } from '../../domain/errors.ts';
import type { StateStore } from '../../ports/state-store.ts';
import {
  decodeRow,
  decodeSelection,
  decodeShard,
  encodePolicy,
  encodeRow,
  encodeSelection,
  encodeShard,
  restorePolicy,
  restoreShard,
  snapshotForm,
} from '../processors/spend-snapshot.ts';
import { isForgotten } from '../processors/spend-arrivals.ts';
import { isSettled, type Selection } from '../processors/spend-selection.ts';
import type { SelectionArchive } from '../processors/spend-selection-book.ts';
import { foldName } from './checkpoint.ts';
import { seal, unseal } from './sealed-state.ts';
import type { SpendFold } from './spend-fold.ts';

/** Keys in a fold's state, by their first letter: live selections, settled ones, the shard itself, pacing rows, policies by revision. */
const live = 'a';
const settled = 'd';
const shardKey = 'm';
const row = 'p';
const policy = 'q';

const sweepEveryMs = 3_600_000;
const sweepAtMost = 5_000;
const longAgo = Number.NEGATIVE_INFINITY;

/** What lies in the state is not what was saved. */
class DamagedState extends AdtallyError {
  constructor(key: string) {
    super(
      'STATE_FORMAT',
      `the state of the spend folds is damaged at ${key}: remove DATA_DIR/state, and it is folded again from the log`,
    );
  }
}

function opened(key: string, sealed: Uint8Array): Uint8Array {
  const value = unseal(key, sealed);
  if (value === null) throw new DamagedState(key);
  return value;
}

/**
 * Snapshots of one shard's fold in the StateStore: what changed since the last one, with its position, in one step. Settled selections that have
 * left memory are found here. A snapshot must never be ahead of the ledgers, so it is saved after their appends.
 */
export class SpendSnapshots {
  readonly #states: StateStore;
  readonly #fold: string;
  /** Position of the snapshot that the next one builds on. */
  #position: string | null = null;
  #settledThrough = longAgo;
  #sweptAt = longAgo;
  /** Policies never change and are large, so each is saved once. */
  #savedPolicies = new Set<number>();

  constructor(states: StateStore, shard: number) {
    this.#states = states;
    this.#fold = foldName('spend', shard);
  }

  /** Next offset of the snapshot; null if there is none that this code can read. */
  async position(): Promise<number | null> {
    this.#position = await this.#states.position(this.#fold);
    const sealed = this.#position === null ? null : this.#states.get(this.#fold, shardKey);
    const bytes = sealed === null ? null : unseal(shardKey, sealed);
    if (bytes === null || decodeShard(bytes).form !== snapshotForm) return null;
    return Number(this.#position);
  }

  /** Next offset of the last snapshot that this process read or wrote; -1 if there is none. */
  get savedAt(): number {
    return this.#position === null ? -1 : Number(this.#position);
  }

  /** Forgets everything: the next snapshot builds on nothing. */
  async drop(): Promise<void> {
    await this.#states.drop(this.#fold);
    this.#position = null;
    this.#settledThrough = longAgo;
    this.#savedPolicies.clear();
  }

  /** Where a fold finds the settled selections that are not in its memory. */
  archive(fold: () => SpendFold): SelectionArchive {
    return {
      find: (id) => {
        const sealed = this.#states.get(this.#fold, settled + id);
        return sealed === null ? null : decodeSelection(id, opened(settled + id, sealed), fold().state.policies);
      },
    };
  }

  /** Puts the snapshot whose position was asked for into a fresh fold. False if a part of it is damaged: then neither is of use. */
  restore(fold: SpendFold): boolean {
    try {
      this.#restore(fold);
      return true;
    } catch (error) {
      if (error instanceof DamagedState) return false;
      throw error;
    }
  }

  #restore(fold: SpendFold): void {
    const { state } = fold;
    const form = decodeShard(opened(shardKey, this.#states.get(this.#fold, shardKey) as Uint8Array));
    for (const [, bytes] of this.#entries(policy)) restorePolicy(state, bytes);
    this.#savedPolicies = new Set(state.policies.keys());
    restoreShard(state, form);
    for (const sum of form.unbilled) fold.unbilled.restore({ ...sum, micros: BigInt(sum.micros) });
    for (const [boot, nodes] of form.fenced) for (const node of nodes) fold.pacing.restoreFence(node, boot);
    for (const [key, bytes] of this.#entries(live)) {
      const selection = decodeSelection(key.slice(1), bytes, state.policies);
      if (selection.billing !== null) selection.billing = state.contents.share(selection.billing);
      if (selection.lease !== null) selection.lease = state.contents.lease(selection.lease);
      state.selections.add(selection);
      if (Number.isFinite(selection.dueAt)) state.due.add(selection);
    }
    for (const [, bytes] of this.#entries(row)) fold.pacing.restore(decodeRow(bytes));
    this.#settledThrough = form.archivedThrough ?? longAgo;
    fold.startAt(Number(this.#position));
  }

  /** Saves what changed. Errors: `STATE_CONFLICT` if another owner has saved since. */
  async save(fold: SpendFold): Promise<void> {
    const position = String(fold.next);
    const puts: (readonly [string, Uint8Array])[] = [];
    const deletes: string[] = [];
    for (const selection of fold.state.selections.takeChanged()) this.#saveSelection(selection, puts, deletes);
    const { rows, removed } = fold.pacing.takeUnsaved();
    for (const [key, value] of rows) puts.push([row + key, encodeRow(value)]);
    for (const key of removed) deletes.push(row + key);
    for (const [revision, known] of fold.state.policies) {
      if (!this.#savedPolicies.has(revision)) puts.push([policyKey(revision), encodePolicy(known)]);
    }
    deletes.push(...this.#sweep(fold));
    puts.push([shardKey, encodeShard(fold.state, fold.unbilled.all(), this.#settledThrough)]);
    const sealed = puts.map(([key, value]) => [key, seal(key, value)] as const);
    await this.#states.commit(this.#fold, { position, after: this.#position, puts: sealed, deletes });
    this.#position = position;
    for (const revision of fold.state.policies.keys()) this.#savedPolicies.add(revision);
  }

  #saveSelection(selection: Selection, puts: (readonly [string, Uint8Array])[], deletes: string[]): void {
    const isDone = isSettled(selection.phase);
    puts.push([(isDone ? settled : live) + selection.id, encodeSelection(selection)]);
    deletes.push((isDone ? live : settled) + selection.id);
    if (isDone) this.#settledThrough = Math.max(this.#settledThrough, selection.bornAt);
  }

  /** Keys of settled selections past their horizon, oldest first, some at a time: ids are in the order of time. */
  #sweep({ state }: SpendFold): string[] {
    if (state.foldTime - this.#sweptAt < sweepEveryMs) return [];
    const forgotten: string[] = [];
    for (const [key, bytes] of this.#entries(settled)) {
      const selection = decodeSelection(key.slice(1), bytes, state.policies);
      if (selection.bornAt + state.leastHorizonMs >= state.foldTime || forgotten.length >= sweepAtMost) break;
      const inMemory = state.selections.inMemory(selection.id);
      if (inMemory === undefined && isForgotten(state, selection)) forgotten.push(key);
    }
    if (forgotten.length < sweepAtMost) this.#sweptAt = state.foldTime;
    return forgotten;
  }

  *#entries(prefix: string): Generator<readonly [string, Uint8Array]> {
    for (const entry of this.#states.entries(this.#fold, prefix)) {
      const [key, sealed] = entry;
      if (!key.startsWith(prefix)) return;
      yield [key, opened(key, sealed)];
    }
  }
}

function policyKey(revision: number): string {
  return policy + String(revision).padStart(10, '0');
}
