import type { AnyRecord } from '../../domain/records.ts';

/** A boot whose end was not decided yet: time waits for it. */
export interface WatchedBoot {
  readonly node: string;
  readonly boot: string;
  /** Low-water mark, ms: everything of the boot from before it is in the log. */
  mark: number;
}

/** An end that was decided and is not yet written to every spend shard. */
export interface DecidedFence {
  readonly node: string;
  readonly boot: string;
  readonly decidedAt: number;
  /** Offset in `nodes`. */
  readonly offset: number;
}

/** A fold of `nodes`, for the ticker. */
export interface NodeWatch {
  nextOffset: number;
  readonly boots: Map<string, WatchedBoot>;
  readonly fences: Map<string, DecidedFence>;
  /** Boots whose end was decided: only the first decision counts, and no mark brings them back. */
  readonly ended: Set<string>;
}

export function emptyNodeWatch(): NodeWatch {
  return { nextOffset: 0, boots: new Map(), fences: new Map(), ended: new Set() };
}

/** Folds the next record of `nodes`. */
export function foldNodeWatch(watch: NodeWatch, record: AnyRecord, offset: number): void {
  if (offset < watch.nextOffset) return;
  watch.nextOffset = offset + 1;
  if (record.name === 'NodeStarted') note(watch, record.value, record.value.started_at);
  if (record.name === 'NodeMark') note(watch, record.value, record.value.marked_at);
  if (record.name === 'NodeFenceDecided') decide(watch, record.value, offset);
}

/** A mark never goes back; a mark of a boot that never said it started holds time back all the same. */
function note(watch: NodeWatch, { node, boot }: { node: string; boot: string }, mark: number): void {
  const key = `${node}/${boot}`;
  if (watch.ended.has(key)) return;
  const known = watch.boots.get(key);
  if (known === undefined) watch.boots.set(key, { node, boot, mark });
  else known.mark = Math.max(known.mark, mark);
}

function decide(watch: NodeWatch, decision: { node: string; boot: string; decided_at: number }, offset: number): void {
  const { node, boot, decided_at: decidedAt } = decision;
  const key = `${node}/${boot}`;
  if (watch.ended.has(key)) return;
  watch.ended.add(key);
  watch.boots.delete(key);
  watch.fences.set(key, { node, boot, decidedAt, offset });
}

/** Lowest mark of all boots that time waits for, or `otherwise`, whichever is lower. */
export function lowWater(watch: NodeWatch, otherwise: number): number {
  let lowest = otherwise;
  for (const { mark } of watch.boots.values()) lowest = Math.min(lowest, mark);
  return lowest;
}

/** Changes with every change of the bytes below. */
const format = 1;

export function encodeNodeWatch({ nextOffset, boots, fences, ended }: NodeWatch): Uint8Array {
  return Buffer.from(JSON.stringify({ format, nextOffset, boots: [...boots], fences: [...fences], ended: [...ended] }));
}

/** The fold that was encoded; an empty one, to be folded again from the start of `nodes`, if it is of another format. */
export function decodeNodeWatch(bytes: Uint8Array): NodeWatch {
  const saved = JSON.parse(Buffer.from(bytes).toString()) as {
    format?: number;
    nextOffset: number;
    boots: [string, WatchedBoot][];
    fences: [string, DecidedFence][];
    ended: string[];
  };
  if (saved.format !== format) return emptyNodeWatch();
  const { nextOffset, boots, fences, ended } = saved;
  return { nextOffset, boots: new Map(boots), fences: new Map(fences), ended: new Set(ended) };
}
