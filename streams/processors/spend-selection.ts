import { timeOfUuidV7 } from '../../domain/identity.ts';
import type { Billing, Calendar, Category, Lease, PolicySet } from '../../domain/records.ts';
import type { Waiting } from './spend-due-queue.ts';

/** Where a selection stands. `tombstone`: only a verdict came so far. `uncovered`: reserved, but no live lease covers it. */
export const phases = [
  'tombstone',
  'reserved',
  'uncovered',
  'released',
  'incurred',
  'suspended',
  'voided',
  'final',
  'reversed',
  'absorbed',
  'absorbed_voided',
] as const;
export type Phase = (typeof phases)[number];

/** A PolicySet with its calendars by number. */
export interface Policy {
  readonly revision: number;
  readonly holdMs: number;
  readonly horizonMs: number;
  readonly calendars: ReadonlyMap<number, Calendar>;
  /** The record that it came by, for snapshots. */
  readonly record: PolicySet;
}

/** The ground of a verdict. */
export interface Verdict {
  readonly category: Category;
  readonly rule: string;
}

/** One selection, as the fold knows it. */
export interface Selection extends Waiting {
  /** UUIDv7. */
  readonly id: string;
  /** Time in its id, ms: what the horizon is counted from, known whatever record comes first. */
  readonly bornAt: number;
  /** Content of the first record that carried any; null: only a verdict came. */
  billing: Billing | null;
  /** Bound at its first record of any kind. */
  readonly policy: Policy;
  phase: Phase;
  /** Lease that its money was drawn on; null: nothing was drawn. */
  lease: Lease | null;
  /** Further leases whose draws were counted and released, as `leaseKey`. */
  surplus: readonly string[];
  /** The first verdict; it counts, later ones do not. */
  verdict: Verdict | null;
  /** Reserved by one content, contradicted by another: goes to suspense when it incurs. */
  conflicted: boolean;
  certifiedMicros: number;
  reversedMicros: number;
  /** Fold time at which its one waiting step falls due, ms; Infinity: nothing waits. */
  dueAt: number;
  /** Brought back by a correction beyond the horizon: remembered for ever, so that the next correction builds on it. */
  kept: boolean;
  /** Differs from the last snapshot. Not part of the state. */
  changed: boolean;
}

/** True if only a horizon or an explicit correction can still change it. */
export function isSettled(phase: Phase): boolean {
  return phase !== 'reserved' && phase !== 'incurred' && phase !== 'suspended';
}

/** A selection that has just been heard of, bound to the policy of now. */
export function newSelection(id: string, policy: Policy): Selection {
  return {
    id,
    bornAt: timeOfUuidV7(id),
    billing: null,
    policy,
    phase: 'tombstone',
    lease: null,
    surplus: none,
    verdict: null,
    conflicted: false,
    certifiedMicros: 0,
    reversedMicros: 0,
    dueAt: Number.POSITIVE_INFINITY,
    kept: false,
    changed: false,
  };
}

const none: readonly string[] = [];

/** Last moment of fold time at which events may still move it, ms. */
export function horizonOf(selection: Selection): number {
  return selection.bornAt + selection.policy.horizonMs;
}
