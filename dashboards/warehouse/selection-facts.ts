import type { Row, Warehouse } from '../../ports/warehouse.ts';

/** One selection as the warehouse has it; `selection-facts.sql` says what each amount is taken from. All amounts are micros of `currency`. */
export interface SelectionFacts {
  readonly selectionId: string;
  readonly shard: number;
  /** Unix ms. */
  readonly selectedAt: number;
  readonly advertiserId: string;
  readonly campaignId: string;
  readonly placementId: string;
  readonly currency: string;
  readonly test: boolean;
  /** -1 if only entries are known. */
  readonly priceMicros: bigint;
  /** Different billing contents among its records; more than 1 is a conflict. */
  readonly contents: number;
  readonly selected: boolean;
  readonly returned: boolean;
  readonly impression: boolean;
  readonly viewable: boolean;
  readonly click: boolean;
  readonly reserved: boolean;
  readonly charged: boolean;
  readonly chargedMicros: bigint;
  readonly drawnMicros: bigint;
  readonly releasedMicros: bigint;
  readonly incurredMicros: bigint;
  readonly suspendedMicros: bigint;
  readonly voidedMicros: bigint;
  readonly passedMicros: bigint;
  readonly certifiedMicros: bigint;
  readonly reversedMicros: bigint;
  readonly absorbedMicros: bigint;
  readonly absorbedVoidedMicros: bigint;
}

export interface SelectionRange {
  /** Unix ms, inclusive. */
  readonly fromMs: number;
  /** Unix ms, exclusive. */
  readonly toMs: number;
}

const pageRows = 20_000;

/**
 * Every selection of a range of selection time, in the order of the ids. `sql` is the text of `selection-facts.sql`. Errors: those of the
 * warehouse.
 */
export async function* readSelectionFacts(
  warehouse: Warehouse,
  sql: string,
  range: SelectionRange,
): AsyncGenerator<SelectionFacts> {
  for (let after = ''; ; ) {
    const parameters = { from: timeText(range.fromMs), to: timeText(range.toMs), after, limit: pageRows };
    const { rows } = await warehouse.query(sql, parameters);
    for (const row of rows) yield factsOf(row);
    if (rows.length < pageRows) return;
    after = String(rows.at(-1)?.['selection_id']);
  }
}

function timeText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 23).replace('T', ' ');
}

function factsOf(row: Row): SelectionFacts {
  const text = (name: string): string => String(row[name]);
  const amount = (name: string): bigint => BigInt(text(name));
  const is = (name: string): boolean => Number(row[name]) > 0;
  return {
    selectionId: text('selection_id'),
    shard: Number(row['shard']),
    selectedAt: Date.parse(text('selected_at')),
    advertiserId: text('advertiser_id'),
    campaignId: text('campaign_id'),
    placementId: text('placement_id'),
    currency: text('currency'),
    test: row['test'] === true,
    priceMicros: amount('price_micros'),
    contents: Number(row['contents']),
    selected: is('selected'),
    returned: is('returned'),
    impression: is('impressions'),
    viewable: is('viewables'),
    click: is('clicks'),
    reserved: is('reservations'),
    charged: is('charges'),
    chargedMicros: amount('charged_micros'),
    drawnMicros: amount('drawn_micros'),
    releasedMicros: amount('released_micros'),
    incurredMicros: amount('incurred_micros'),
    suspendedMicros: amount('suspended_micros'),
    voidedMicros: amount('voided_micros'),
    passedMicros: amount('passed_micros'),
    certifiedMicros: amount('certified_micros'),
    reversedMicros: amount('reversed_micros'),
    absorbedMicros: amount('absorbed_micros'),
    absorbedVoidedMicros: amount('absorbed_voided_micros'),
  };
}
