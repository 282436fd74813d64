import type { Row } from '../../ports/warehouse.ts';

const delivered = ['selections', 'returned', 'impressions', 'viewables', 'clicks', 'charges'] as const;
const worth = [
  'selected_micros',
  'returned_micros',
  'impression_micros',
  'viewable_micros',
  'click_micros',
  'charged_micros',
] as const;
const sumsOf = (names: readonly string[]) => names.map((name) => `sum(tally.${name}) AS ${name}`).join(', ');
const range = '(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}) AS tally';

/** Counts and prices by minute of selection. */
export const deliverySql = `
SELECT minute, currency, ${sumsOf([...delivered, ...worth])}
FROM adtally.minute_deliveries_between${range}
GROUP BY minute, currency ORDER BY minute, currency`;

/** The same of a long time, in one piece. */
export const olderSql = `
SELECT currency, ${sumsOf([...delivered, ...worth])}
FROM adtally.deliveries_between${range}
GROUP BY currency`;

const booked = [
  'absorbed_selections',
  'voided_selections',
  'certified_selections',
  'reversed_selections',
  'drawn_micros',
  'released_micros',
  'incurred_micros',
  'suspended_micros',
  'voided_micros',
  'passed_micros',
  'certified_micros',
  'reversed_micros',
  'absorbed_micros',
] as const;

/** What the ledgers booked, by hour of selection. */
export const spendSql = `
SELECT hour, currency, ${sumsOf(booked)}
FROM adtally.bookings_between${range}
GROUP BY hour, currency ORDER BY hour, currency`;

/** A time as the warehouse writes it. */
export function asWritten(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '');
}

/** The steps of the report `truth_funnel`, in their order: count and money of each. */
const steps = [
  ['selected', 'selections', 'selected_micros'],
  ['returned', 'returned', 'returned_micros'],
  ['impression', 'impressions', 'impression_micros'],
  ['viewable', 'viewables', 'viewable_micros'],
  ['click', 'clicks', 'click_micros'],
  ['billable', 'charges', 'charged_micros'],
  ['absorbed', 'absorbed_selections', 'absorbed_micros'],
  ['voided', 'voided_selections', 'voided_micros'],
  ['final', 'certified_selections', 'certified_micros'],
  ['reversed', 'reversed_selections', 'reversed_micros'],
] as const;

/** Rows of the report `truth_funnel`, of counts by minute and bookings by hour. */
export function funnelOf(deliveries: readonly Row[], bookings: readonly Row[]): Row[] {
  const sums = new Map<string, Map<string, bigint>>();
  for (const row of [...deliveries, ...bookings]) {
    const currency = String(row['currency']);
    const sum = sums.get(currency) ?? new Map<string, bigint>();
    sums.set(currency, sum);
    for (const name of steps.flatMap(([, count, micros]) => [count, micros])) {
      if (row[name] !== undefined) sum.set(name, (sum.get(name) ?? 0n) + BigInt(String(row[name])));
    }
  }
  return [...sums]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([currency, sum]) =>
      steps.map(([stage, count, micros], index) => ({
        currency,
        step: index + 1,
        stage,
        selections: Number(sum.get(count) ?? 0n),
        amount_micros: String(sum.get(micros) ?? 0n),
      })),
    )
    .filter(({ selections }) => selections > 0);
}

/** Rows of the report `spend_by_state`. */
export function spendHoursOf(bookings: readonly Row[]): Row[] {
  return bookings.flatMap((row) => {
    const of = (name: (typeof booked)[number]) => BigInt(String(row[name]));
    const [drawn, released, incurred] = [of('drawn_micros'), of('released_micros'), of('incurred_micros')];
    const [suspended, voided, certified] = [of('suspended_micros'), of('voided_micros'), of('certified_micros')];
    const absorbed = of('absorbed_micros');
    if (drawn === 0n && incurred === 0n && certified === 0n && absorbed === 0n) return [];
    return {
      hour: row['hour'],
      currency: row['currency'],
      drawn_micros: String(drawn),
      released_micros: String(released),
      open_micros: String(drawn - released - incurred),
      incurred_micros: String(incurred),
      suspended_micros: String(suspended),
      voided_micros: String(voided),
      pending_micros: String(incurred - suspended - voided - of('passed_micros')),
      certified_micros: String(certified),
      reversed_micros: String(of('reversed_micros')),
      billable_micros: String(certified - of('reversed_micros')),
      absorbed_micros: String(absorbed),
    };
  });
}

/** Selections and those seen, by minute, all currencies together. */
export function minutesOf(deliveries: readonly Row[]): Row[] {
  const sums = new Map<string, { selections: number; impressions: number }>();
  for (const { minute, selections, impressions } of deliveries) {
    const sum = sums.get(String(minute)) ?? { selections: 0, impressions: 0 };
    sums.set(String(minute), sum);
    sum.selections += Number(selections);
    sum.impressions += Number(impressions);
  }
  return [...sums].map(([minute, sum]) => ({ minute, ...sum }));
}
