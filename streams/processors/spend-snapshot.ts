import type { Billing, Lease, PolicySet } from '../../domain/records.ts';
import { ExactSum } from './exact-sum.ts';
import type { PacingRow } from './pacing-deltas.ts';
import type { SpendState } from './spend-lifecycle-state.ts';
import { setPolicy } from './spend-periods.ts';
import { newSelection, type Policy, phases, type Selection, type Verdict } from './spend-selection.ts';
import type { UnbilledSum } from './unbilled.ts';

/** Changes with every change of the forms below; a snapshot of another form is refolded. */
export const snapshotForm = 3;

/** Content in the order in which a snapshot holds it. */
const contentFields = [
  'selection_id',
  'shard',
  'node',
  'boot',
  'sequence',
  'advertiser_id',
  'campaign_id',
  'line_item_id',
  'creative_id',
  'publisher_id',
  'placement_id',
  'pricing_model',
  'price_micros',
  'currency',
  'revenue_share_ppm',
  'share_rounding',
  'calendar',
  'draw_lease',
  'test',
  'selected_at',
  'expires_at',
] as const satisfies readonly (keyof Billing)[];

/** Fails to compile when a field of the content is missing above. */
type Complete = Exclude<keyof Billing, (typeof contentFields)[number]> extends never ? true : never;
const complete: Complete = true;

type SelectionForm = readonly [
  phase: number,
  policy: number,
  lease: Lease | null,
  surplus: readonly string[],
  verdict: Verdict | null,
  flags: number,
  certifiedMicros: number,
  reversedMicros: number,
  dueAt: number | null,
  content: readonly unknown[] | null,
];

const conflictedFlag = 1;
const keptFlag = 2;

/** A selection as bytes. */
export function encodeSelection(selection: Selection): Uint8Array {
  const { phase, policy, lease, surplus, verdict, certifiedMicros, reversedMicros, dueAt, billing } = selection;
  const form: SelectionForm = [
    phases.indexOf(phase),
    policy.revision,
    lease,
    surplus,
    verdict,
    (selection.conflicted ? conflictedFlag : 0) | (selection.kept ? keptFlag : 0),
    certifiedMicros,
    reversedMicros,
    Number.isFinite(dueAt) ? dueAt : null,
    billing === null ? null : contentFields.map((field) => billing[field]),
  ];
  return Buffer.from(JSON.stringify(form));
}

/** A selection from the bytes of `encodeSelection`, bound to one of the policies given. */
export function decodeSelection(id: string, bytes: Uint8Array, policies: ReadonlyMap<number, Policy>): Selection {
  const form = JSON.parse(Buffer.from(bytes).toString()) as SelectionForm;
  const [phase, revision, lease, surplus, verdict, flags, certifiedMicros, reversedMicros, dueAt, content] = form;
  return {
    ...newSelection(id, policies.get(revision) as Policy),
    phase: phases[phase] as (typeof phases)[number],
    billing: content === null ? null : readContent(content),
    lease,
    surplus,
    verdict,
    conflicted: (flags & conflictedFlag) !== 0,
    kept: (flags & keptFlag) !== 0,
    certifiedMicros,
    reversedMicros,
    dueAt: dueAt ?? Number.POSITIVE_INFINITY,
  };
}

function readContent(values: readonly unknown[]): Billing {
  return Object.fromEntries(contentFields.map((field, index) => [field, values[index]])) as unknown as Billing;
}

/** All of a shard's state that is not a selection, a policy or a pacing row. */
export interface ShardForm {
  readonly form: number;
  readonly foldTime: number;
  readonly fenced: readonly (readonly [boot: string, nodes: readonly string[]])[];
  readonly closedThrough: readonly (readonly [calendar: number, period: string])[];
  readonly adjustments: number;
  readonly archivedThrough: number | null;
  readonly unbilled: readonly (Omit<UnbilledSum, 'micros'> & { readonly micros: string })[];
}

export function encodeShard(state: SpendState, unbilled: readonly UnbilledSum[], archivedThrough: number): Uint8Array {
  const form: ShardForm = {
    form: complete ? snapshotForm : 0,
    foldTime: state.foldTime,
    fenced: [...state.fenced].map(([boot, nodes]) => [boot, [...nodes]]),
    closedThrough: [...state.closedThrough],
    adjustments: state.adjustments,
    archivedThrough: Number.isFinite(archivedThrough) ? archivedThrough : null,
    unbilled: unbilled.map((sum) => ({ ...sum, micros: String(sum.micros) })),
  };
  return Buffer.from(JSON.stringify(form));
}

export function decodeShard(bytes: Uint8Array): ShardForm {
  return JSON.parse(Buffer.from(bytes).toString()) as ShardForm;
}

export function encodePolicy({ record }: Policy): Uint8Array {
  return Buffer.from(JSON.stringify(record));
}

/** Puts a policy back; from the lowest revision on. */
export function restorePolicy(state: SpendState, bytes: Uint8Array): void {
  setPolicy(state, JSON.parse(Buffer.from(bytes).toString()) as PolicySet);
}

/** Puts a shard's state back, but for its policies and selections. */
export function restoreShard(state: SpendState, form: ShardForm): void {
  state.foldTime = form.foldTime;
  state.adjustments = form.adjustments;
  for (const [boot, nodes] of form.fenced) state.fenced.set(boot, new Set(nodes));
  for (const [calendar, period] of form.closedThrough) state.closedThrough.set(calendar, period);
  if (form.archivedThrough !== null) state.selections.setArchivedThrough(form.archivedThrough);
}

type Sums = 'drawn' | 'released' | 'incurred' | 'suspended' | 'voided' | 'certified' | 'reversed';
type RowForm = Omit<PacingRow, Sums | 'isUnsent' | 'isUnsaved'> & Readonly<Record<Sums, string>>;

export function encodeRow(row: PacingRow): Uint8Array {
  const { campaignId, lease, day, selections, billableEvents } = row;
  const form: RowForm = {
    campaignId,
    lease,
    day,
    drawn: String(row.drawn.micros),
    released: String(row.released.micros),
    incurred: String(row.incurred.micros),
    suspended: String(row.suspended.micros),
    voided: String(row.voided.micros),
    certified: String(row.certified.micros),
    reversed: String(row.reversed.micros),
    selections,
    billableEvents,
  };
  return Buffer.from(JSON.stringify(form));
}

export function decodeRow(bytes: Uint8Array): PacingRow {
  const form = JSON.parse(Buffer.from(bytes).toString()) as RowForm;
  return {
    ...form,
    drawn: new ExactSum(BigInt(form.drawn)),
    released: new ExactSum(BigInt(form.released)),
    incurred: new ExactSum(BigInt(form.incurred)),
    suspended: new ExactSum(BigInt(form.suspended)),
    voided: new ExactSum(BigInt(form.voided)),
    certified: new ExactSum(BigInt(form.certified)),
    reversed: new ExactSum(BigInt(form.reversed)),
    isUnsent: false,
    isUnsaved: false,
  };
}
