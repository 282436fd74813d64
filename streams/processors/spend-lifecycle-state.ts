import type { Transition } from '../../domain/transitions.ts';
import { SharedContent } from './spend-content.ts';
import { DueQueue } from './spend-due-queue.ts';
import type { Policy, Selection } from './spend-selection.ts';
import type { SelectionBook } from './spend-selection-book.ts';

/** State of the fold of one spend shard. Mutable: owned by the one fold that evolves it. */
export interface SpendState {
  readonly shard: number;
  /** Highest TimeAdvanced so far, ms; 0 before the first. */
  foldTime: number;
  /** The policy of the highest revision; null before the first record. */
  policy: Policy | null;
  /** Lowest horizon of any policy so far, ms: what holds for a selection of which nothing is known, since its state may have been forgotten. */
  leastHorizonMs: number;
  /** Every policy that a selection may be bound to, by revision. */
  readonly policies: Map<number, Policy>;
  /** Boots whose leases cover nothing any more, each with its nodes. */
  readonly fenced: Map<string, Set<string>>;
  /** Calendar → the last closed period. */
  readonly closedThrough: Map<number, string>;
  /** Number of the last adjustment. */
  adjustments: number;
  readonly due: DueQueue<Selection>;
  readonly selections: SelectionBook;
  readonly contents: SharedContent;
}

/** What a record said besides moving money. */
export type Mark =
  | { readonly kind: 'tick'; readonly advancedTo: number }
  | { readonly kind: 'closed'; readonly calendar: number; readonly period: string }
  | { readonly kind: 'fenced'; readonly node: string; readonly boot: string };

/** Why a record, or a part of what it asks, was not believed. Goes to quarantine. */
export interface Refusal {
  readonly code: string;
  readonly reason: string;
}

/** What one record did. */
export interface SpendStep {
  readonly offset: number;
  /** Fold time after it, ms. */
  foldTime: number;
  transitions: Transition[];
  mark: Mark | null;
  refusal: Refusal | null;
}

export function createSpendState(shard: number, selections: SelectionBook): SpendState {
  return {
    shard,
    foldTime: 0,
    policy: null,
    leastHorizonMs: Number.POSITIVE_INFINITY,
    policies: new Map(),
    fenced: new Map(),
    closedThrough: new Map(),
    adjustments: 0,
    due: new DueQueue(),
    selections,
    contents: new SharedContent(),
  };
}
