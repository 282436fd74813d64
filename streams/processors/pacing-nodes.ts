import type { AnyRecord } from '../../domain/records.ts';

export interface LiveNode {
  readonly node: string;
  readonly boot: string;
  /** Its last mark, or its start, ms. */
  markedAt: number;
}

/** A fold of `nodes`: the boot that serves for each node, as far as leases are concerned. */
export interface LiveNodes {
  nextOffset: number;
  readonly byNode: Map<string, LiveNode>;
  /** Boots that have ended: a start of theirs that is sent again brings nobody back. */
  readonly ended: Set<string>;
}

export function noNodes(): LiveNodes {
  return { nextOffset: 0, byNode: new Map(), ended: new Set() };
}

/** Folds the next record. A new boot of a node ends the one before it. */
export function foldNodes(nodes: LiveNodes, record: AnyRecord, offset: number): void {
  if (offset < nodes.nextOffset) return;
  nodes.nextOffset = offset + 1;
  if (record.name === 'NodeStarted') start(nodes, record.value.node, record.value.boot, record.value.started_at);
  if (record.name === 'NodeMark') {
    const live = nodes.byNode.get(record.value.node);
    if (live?.boot === record.value.boot) live.markedAt = Math.max(live.markedAt, record.value.marked_at);
  }
  if (record.name === 'NodeFenceDecided') end(nodes, record.value.node, record.value.boot);
}

function start(nodes: LiveNodes, node: string, boot: string, startedAt: number): void {
  const known = nodes.byNode.get(node);
  if (nodes.ended.has(boot) || known?.boot === boot) return;
  if (known !== undefined) nodes.ended.add(known.boot);
  nodes.byNode.set(node, { node, boot, markedAt: startedAt });
}

function end(nodes: LiveNodes, node: string, boot: string): void {
  nodes.ended.add(boot);
  if (nodes.byNode.get(node)?.boot === boot) nodes.byNode.delete(node);
}

/** Boots that gave a sign of life within `silenceMs`, in the order of their names: only they are granted anything. */
export function liveNodes(nodes: LiveNodes, now: number, silenceMs: number): readonly LiveNode[] {
  return [...nodes.byNode.values()]
    .filter(({ markedAt }) => now - markedAt <= silenceMs)
    .sort((a, b) => (a.node < b.node ? -1 : 1));
}
