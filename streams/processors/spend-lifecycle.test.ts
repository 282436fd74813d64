import { describe, expect, it } from 'vitest';
import { uuidV7 } from '../../domain/identity.ts';
import {
  adjusted,
  closed,
  content,
  fenced,
  holdMs,
  horizonMs,
  incurred,
  lease,
  noon,
  policy,
  reservationMs,
  reserved,
  SpendStory,
  tick,
  verdict,
} from '../../test/spend-story.ts';
import { evolve, type SpendRecord } from './spend-lifecycle.ts';
import { createSpendState } from './spend-lifecycle-state.ts';
import { SelectionBook } from './spend-selection-book.ts';

const cpm = content(0);
const cpc = content(1, { pricing_model: 'CPC', price_micros: 400_000 });
const free = { GIVT: 'click_flood' };
const afterHold = holdMs + 1;
const afterHorizon = horizonMs + 60_000;

describe('from selection to certification', () => {
  it('draws at the reserve, incurs at the impression and certifies at the first tick past the hold', () => {
    const story = new SpendStory(reserved(cpm), incurred(cpm), tick(holdMs - 1));
    expect(story.moves).toEqual(['drawn 2500 n0', 'incurred 2500 n0']);
    expect(story.and(tick(holdMs)).moves.at(-1)).toBe('certified 2500 n0');
    expect(story.phase(cpm)).toBe('final');
  });

  it('starts a hold at fold time on arrival, not at the time of the event', () => {
    const story = new SpendStory(tick(600_000), incurred(cpm), tick(holdMs));
    expect(story.phase(cpm)).toBe('incurred');
    expect(story.and(tick(600_000 + holdMs)).phase(cpm)).toBe('final');
  });

  it('releases a reservation at the first tick at or past its expiry', () => {
    const story = new SpendStory(reserved(cpm), tick(reservationMs - 1));
    expect(story.phase(cpm)).toBe('reserved');
    expect(story.and(tick(reservationMs)).moves).toEqual(['drawn 2500 n0', 'released 2500 n0']);
  });

  it('never goes on by an arrival, only by a tick', () => {
    const story = new SpendStory(reserved(cpm), incurred(cpm), tick(holdMs - 1), incurred(cpm), reserved(cpm));
    expect(story.phase(cpm)).toBe('incurred');
  });

  it('draws on the lease of the token when the reserve was lost, and a reserve that comes later adds nothing', () => {
    const story = new SpendStory(incurred(cpm), reserved(cpm));
    expect(story.moves).toEqual(['drawn 2500 n0', 'incurred 2500 n0']);
  });

  it('draws a click at the click, on the lease of the node that took it', () => {
    const story = new SpendStory(incurred(cpc, lease(2)));
    expect(story.moves).toEqual(['drawn 400000 n2', 'incurred 400000 n2']);
  });

  it('lets what falls due in one tick happen in the order of due time, then selection', () => {
    const [a, b, c] = [content(3), content(2), content(4, { expires_at: content(2).expires_at - 1 })];
    const story = new SpendStory(reserved(a), reserved(b), reserved(c), tick(2 * reservationMs));
    expect(story.transitions.slice(3).map((one) => one.billing.selection_id)).toEqual(
      [c, b, a].map((one) => one.selection_id),
    );
  });

  it('ignores tests, house ads and gifts without leaving state', () => {
    const odd = [{ test: true }, { pricing_model: 'NONE' as const }, { price_micros: 0 }];
    const story = new SpendStory();
    for (const [index, change] of odd.entries())
      story.and(reserved(content(index, change)), incurred(content(index, change)));
    expect([story.moves, story.refusals, story.state.selections.size]).toEqual([[], [], 0]);
  });

  it('does not let time run back', () => {
    const story = new SpendStory(tick(5_000), tick(1_000));
    expect(story.state.foldTime).toBe(noon + 5_000);
    expect(story.steps.at(-1)).toMatchObject({ foldTime: noon + 5_000, mark: null });
  });
});

describe('leases and absorption', () => {
  it('absorbs what names no lease', () => {
    const bare = content(0, { draw_lease: null });
    const story = new SpendStory(reserved(bare), incurred(bare), tick(afterHold));
    expect(story.moves).toEqual(['absorbed 2500']);
  });

  it('absorbs what names a lease behind its fence, and draws again on no other boot of that node', () => {
    const story = new SpendStory(fenced(0), reserved(cpm), incurred(cpm));
    expect(story.moves).toEqual(['absorbed 2500']);
  });

  it('lets a draw before the fence cover an event after it', () => {
    const story = new SpendStory(reserved(cpm), fenced(0), incurred(cpm));
    expect(story.moves).toEqual(['drawn 2500 n0', 'incurred 2500 n0']);
  });

  it('absorbs an impression whose reservation was released', () => {
    const story = new SpendStory(reserved(cpm), tick(reservationMs), incurred(cpm), incurred(cpm));
    expect(story.moves).toEqual(['drawn 2500 n0', 'released 2500 n0', 'absorbed 2500']);
  });

  it('says only once that a boot is behind its fence', () => {
    const story = new SpendStory(fenced(0), fenced(0));
    expect(story.steps.slice(2).map((step) => step.mark?.kind)).toEqual(['fenced', undefined]);
  });

  it('counts the draw of a second node for one click as drawn and released, once for each lease', () => {
    const story = new SpendStory(
      incurred(cpc, lease(1)),
      incurred(cpc, lease(2)),
      incurred(cpc, lease(2)),
      incurred(cpc, lease(1)),
    );
    expect(story.moves).toEqual(['drawn 400000 n1', 'incurred 400000 n1', 'drawn 400000 n2', 'released 400000 n2']);
    expect(story.transitions[3]).toMatchObject({ surplus: true });
  });

  it('counts no surplus on a lease behind its fence, nor for an impression', () => {
    const story = new SpendStory(
      incurred(cpc, lease(1)),
      fenced(2),
      incurred(cpc, lease(2)),
      incurred(cpm),
      incurred(cpm),
    );
    expect(story.amounts().drawn).toBe(402_500);
    expect(story.amounts().released).toBe(0);
  });

  it('counts a late draw for an absorbed click as drawn and released; it stays absorbed', () => {
    const story = new SpendStory(incurred(cpc), incurred(cpc, lease(1)), incurred(cpc, lease(1)), tick(afterHold));
    expect(story.moves).toEqual(['absorbed 400000', 'drawn 400000 n1', 'released 400000 n1']);
  });
});

describe('verdicts', () => {
  it.each([
    ['voids what is incurred', [reserved(cpm), incurred(cpm), verdict(cpm)], 'voided'],
    ['waits for what is only reserved', [verdict(cpm), reserved(cpm), incurred(cpm)], 'voided'],
    ['waits where nothing is known', [verdict(cpm), incurred(cpm)], 'voided'],
    [
      'waits for what was released',
      [reserved(cpm), tick(reservationMs), verdict(cpm), incurred(cpm)],
      'absorbed_voided',
    ],
    ['reverses what is final', [reserved(cpm), incurred(cpm), tick(afterHold), verdict(cpm)], 'reversed'],
    ['takes back what was absorbed', [incurred(cpc), verdict(cpc)], 'absorbed_voided'],
    ['waits for what will be absorbed', [verdict(cpc), incurred(cpc)], 'absorbed_voided'],
  ])('%s', (_, records, phase) => {
    const story = new SpendStory(...records);
    const of = records.some((one) => one.name === 'SpendIncurred' && one.value.billing === cpc) ? cpc : cpm;
    expect(story.phase(of)).toBe(phase);
    const before = story.moves;
    expect(story.and(verdict(of, 'another_rule', 'SIVT'), incurred(of), verdict(of)).moves).toEqual(before);
  });

  it('names the ground of the first verdict only', () => {
    const story = new SpendStory(verdict(cpm), verdict(cpm, 'later', 'SIVT'), incurred(cpm));
    expect(story.transitions.at(-1)).toMatchObject({ kind: 'voided', category: 'GIVT', rule: free.GIVT });
  });

  it('lets a reservation under a verdict expire like any other', () => {
    const story = new SpendStory(verdict(cpm), reserved(cpm), tick(reservationMs));
    expect(story.moves).toEqual(['drawn 2500 n0', 'released 2500 n0']);
  });
});

describe('contradictions', () => {
  const other = { ...cpm, price_micros: 9_999 };

  it('puts what is incurred into suspense, and the second record aside', () => {
    const story = new SpendStory(reserved(cpm), incurred(cpm), reserved(other));
    expect([story.moves.at(-1), story.phase(cpm), story.refusals]).toEqual([
      'suspended 2500 n0',
      'suspended',
      ['conflict'],
    ]);
    expect(story.and(tick(afterHold)).phase(cpm)).toBe('suspended');
  });

  it('incurs with the first content when the event itself contradicts the reserve, and suspends', () => {
    const story = new SpendStory(reserved(cpm), incurred(other), incurred(cpm));
    expect(story.moves).toEqual(['drawn 2500 n0', 'incurred 2500 n0', 'suspended 2500 n0']);
  });

  it('remembers a contradiction until it incurs', () => {
    const story = new SpendStory(reserved(cpm), reserved(other), incurred(cpm));
    expect(story.phase(cpm)).toBe('suspended');
  });

  it('reports one after certification as a break of its own and moves nothing', () => {
    const story = new SpendStory(incurred(cpm), tick(afterHold), reserved(other));
    expect([story.phase(cpm), story.refusals]).toEqual(['final', ['conflict_after_certification']]);
  });

  it.each([
    ['uncovered', [reserved(content(0, { draw_lease: null }))]],
    ['released', [reserved(cpm), tick(reservationMs)]],
    ['voided', [incurred(cpm), verdict(cpm)]],
    ['absorbed', [fenced(0), incurred(cpm)]],
  ])('only puts the second record aside where it is %s', (phase, records) => {
    const story = new SpendStory(...records);
    const before = story.moves;
    expect(story.and(incurred(other)).moves).toEqual(before);
    expect([story.phase(cpm), story.refusals]).toEqual([phase, ['conflict']]);
  });

  it('voids at once where there is a verdict as well', () => {
    const story = new SpendStory(reserved(cpm), verdict(cpm), incurred(other));
    expect(story.moves.slice(1)).toEqual(['incurred 2500 n0', 'voided 2500 n0']);
  });

  it('leaves suspense by a decision, a verdict or the horizon', () => {
    const suspended = [incurred(cpm), reserved(other)];
    const end = (...records: readonly SpendRecord[]) => new SpendStory(...suspended, ...records).transitions.at(-1);
    expect(end(adjusted(1, cpm, { action: 'RELEASE' }))).toMatchObject({ kind: 'certified', fromSuspense: true });
    expect(end(adjusted(1, cpm, { action: 'VOID' }))).toMatchObject({
      kind: 'voided',
      category: 'QUALITY',
      rule: 'by hand',
    });
    expect(end(verdict(cpm))).toMatchObject({ kind: 'voided', category: 'GIVT', fromSuspense: true });
    expect(end(tick(horizonMs))).toMatchObject({ kind: 'suspended' });
    expect(end(tick(horizonMs + 1))).toMatchObject({ kind: 'voided', category: 'QUALITY', rule: 'horizon' });
  });
});

describe('corrections by hand', () => {
  const final = () => new SpendStory(reserved(cpm), incurred(cpm), tick(afterHold));

  it('reverses in parts, each relying on what is certified and reversed', () => {
    const story = final().and(
      adjusted(1, cpm, { amount_micros: 1_000, relied_certified_micros: 2_500 }),
      adjusted(2, cpm, { amount_micros: 1_500, relied_certified_micros: 2_500, relied_reversed_micros: 1_000 }),
    );
    expect(story.moves.slice(-2)).toEqual(['reversed 1000 n0', 'reversed 1500 n0']);
    expect(story.phase(cpm)).toBe('reversed');
  });

  it('leaves the rest to a verdict, which then takes the rest', () => {
    const story = final().and(adjusted(1, cpm, { amount_micros: 1_000, relied_certified_micros: 2_500 }), verdict(cpm));
    expect(story.moves.at(-1)).toBe('reversed 1500 n0');
  });

  it.each([
    [
      'another number than the next',
      adjusted(2, cpm, { amount_micros: 1, relied_certified_micros: 2_500 }),
      'adjustment_number',
    ],
    [
      'more than is left',
      adjusted(1, cpm, { amount_micros: 2_501, relied_certified_micros: 2_500 }),
      'adjustment_amount',
    ],
    ['nothing', adjusted(1, cpm, { amount_micros: 0, relied_certified_micros: 2_500 }), 'adjustment_amount'],
    [
      'amounts that are not so',
      adjusted(1, cpm, { amount_micros: 1, relied_certified_micros: 2_400 }),
      'adjustment_relied',
    ],
    [
      'a selection that is not suspended',
      adjusted(1, cpm, { action: 'VOID', relied_certified_micros: 2_500 }),
      'not_suspended',
    ],
    [
      'other content',
      adjusted(1, { ...cpm, price_micros: 1 }, { amount_micros: 1, relied_certified_micros: 2_500 }),
      'conflict',
    ],
    [
      'a selection of which nothing is known',
      adjusted(1, content(9), { amount_micros: 1, relied_certified_micros: 2_500 }),
      'not_certified',
    ],
  ])('refuses %s', (_, record, code) => {
    const story = final().and(record);
    expect(story.refusals).toEqual([code]);
    expect(story.amounts().reversed).toBe(0);
  });

  it('consumes a number that holds even if the rest is refused', () => {
    const story = final().and(
      adjusted(1, cpm, { amount_micros: 9_999, relied_certified_micros: 2_500 }),
      adjusted(1, cpm, { amount_micros: 1, relied_certified_micros: 2_500 }),
      adjusted(2, cpm, { amount_micros: 1, relied_certified_micros: 2_500 }),
    );
    expect(story.refusals).toEqual(['adjustment_amount', 'adjustment_number']);
    expect(story.amounts().reversed).toBe(1);
  });

  it('takes its own amounts beyond the horizon, on no lease, and then remembers them for ever', () => {
    const story = final().and(
      tick(afterHorizon),
      adjusted(1, cpm, { amount_micros: 1_000, relied_certified_micros: 2_500 }),
    );
    expect(story.transitions.at(-1)).toMatchObject({
      kind: 'reversed',
      amountMicros: 1_000,
      lease: null,
      adjustment: true,
    });
    story.and(tick(5 * horizonMs), adjusted(2, cpm, { amount_micros: 2_000, relied_certified_micros: 2_500 }));
    expect(story.refusals).toEqual(['adjustment_relied']);
    story.and(
      adjusted(3, cpm, { amount_micros: 1_501, relied_certified_micros: 2_500, relied_reversed_micros: 1_000 }),
    );
    expect(story.refusals).toEqual(['adjustment_relied', 'adjustment_amount']);
  });

  it('never reverses what waits for its hold, however old it is', () => {
    const story = new SpendStory(tick(horizonMs - 1), incurred(cpm), tick(horizonMs + 1_000));
    story.and(adjusted(1, cpm, { amount_micros: 1, relied_certified_micros: 2_500 }));
    expect(story.refusals).toEqual(['adjustment_relied']);
    expect(story.and(tick(horizonMs + holdMs)).amounts()).toMatchObject({ certified: 2_500, reversed: 0 });
  });
});

describe('the horizon', () => {
  it('refuses what comes beyond it, whether something was known or not', () => {
    const story = new SpendStory(
      reserved(cpm),
      tick(afterHorizon),
      incurred(cpm),
      verdict(cpm),
      incurred(content(1)),
      verdict(content(2)),
    );
    expect(story.refusals).toEqual(['beyond_horizon', 'beyond_horizon', 'beyond_horizon', 'beyond_horizon']);
    expect(story.moves).toEqual(['drawn 2500 n0', 'released 2500 n0']);
  });

  it('lets what is incurred just before it be certified after it', () => {
    const story = new SpendStory(tick(horizonMs), incurred(cpm), tick(horizonMs + holdMs));
    expect(story.moves.at(-1)).toBe('certified 2500 n0');
  });

  it('forgets nothing that could then be charged twice when a later policy has a longer horizon', () => {
    const story = new SpendStory(
      incurred(cpm),
      policy({ revision: 2, horizon_ms: 3 * horizonMs }),
      tick(afterHorizon),
      tick(afterHorizon + 1),
    );
    expect(story.and(incurred(cpm)).refusals).toEqual(['beyond_horizon']);
  });

  it('frees the memory of what is past it', () => {
    const story = new SpendStory(reserved(cpm), incurred(cpm), verdict(content(1)), tick(afterHold));
    expect(story.state.selections.size).toBe(2);
    expect(story.and(tick(afterHorizon)).state.selections.size).toBe(0);
  });
});

describe('policies and periods', () => {
  it('stops at any record before the first policy', () => {
    const state = createSpendState(0, new SelectionBook());
    expect(() => evolve(state, 0, tick(0))).toThrow(/TimeAdvanced at 0 before any PolicySet/);
  });

  it('binds a selection to the policy of its first record; the highest revision wins', () => {
    const story = new SpendStory(
      reserved(cpm),
      policy({ revision: 3, hold_ms: 10 }),
      policy({ revision: 2, hold_ms: 20 }),
    );
    story.and(incurred(cpm), incurred(cpc, lease(0)), tick(10));
    expect([story.phase(cpm), story.phase(cpc)]).toEqual(['incurred', 'final']);
  });

  it('closes the months of a calendar one after the other, each after its end', () => {
    const story = new SpendStory(
      closed('2026-10'),
      tick(2 * 86_400_000),
      closed('2026-11'),
      closed('2026-10'),
      closed('2026-10'),
    );
    expect(story.refusals).toEqual(['period_not_closable', 'period_not_closable', 'period_not_closable']);
    expect(story.steps.at(-2)?.mark).toEqual({ kind: 'closed', calendar: 0, period: '2026-10' });
  });

  it('keeps the last month that it knows open', () => {
    const months = policy({
      revision: 2,
      calendars: [{ calendar: 0, zone: 'UTC', months: [{ period: '2026-10', ends_at: noon + 1 }] }],
    });
    const story = new SpendStory(months, tick(10), closed('2026-10'), incurred(content(0, { draw_lease: lease(0) })));
    expect(story.refusals).toEqual(['period_not_closable']);
    expect(story.transitions.at(-1)).toMatchObject({ servicePeriod: '2026-10', postingPeriod: '2026-10' });
  });

  it('serves a selection in the month of its time and books it in the first open month that has not ended', () => {
    const late = content(43_199); // a second before midnight UTC, already November in Tokyo
    const tokyo = { ...late, calendar: 1 };
    const story = new SpendStory(tick(43_199_000), incurred(late), tick(43_200_000 + holdMs));
    expect(story.transitions.map((one) => [one.kind, one.servicePeriod, one.postingPeriod])).toEqual([
      ['drawn', '2026-10', '2026-10'],
      ['incurred', '2026-10', '2026-10'],
      ['certified', '2026-10', '2026-11'],
    ]);
    expect(new SpendStory(tick(43_199_000), incurred(tokyo)).transitions[0]).toMatchObject({
      servicePeriod: '2026-11',
    });
  });
});

describe('what is not believed', () => {
  it.each([
    ['a kind that the model does not bill', incurred(cpc, lease(0)), { kind: 'impression' }, 'not_billable'],
    ['content of another shard', incurred({ ...cpm, shard: 1 }), {}, 'wrong_shard'],
    ['a calendar that no policy lists', incurred({ ...cpm, calendar: 7 }), {}, 'unknown_calendar'],
    ['a price out of range', incurred({ ...cpm, price_micros: 9_000_000_000_000_001 }), {}, 'bad_amount'],
    ['a share of more than everything', incurred({ ...cpm, revenue_share_ppm: 1_000_001 }), {}, 'bad_amount'],
    [
      'an id whose time is not the selection time',
      incurred({ ...cpm, selection_id: uuidV7(noon - 90_000, new Uint8Array(10)) }),
      {},
      'bad_selection_id',
    ],
    ['an id that is none', incurred({ ...cpm, selection_id: 'x' }), {}, 'bad_selection_id'],
    ['a reserve for a click', reserved(cpc), {}, 'not_reservable'],
    ['a verdict on no id', verdict({ ...cpm, selection_id: 'x' }), {}, 'bad_selection_id'],
  ])('refuses %s', (_, record, change, code) => {
    const story = new SpendStory({ ...record, value: { ...record.value, ...change } } as typeof record);
    expect([story.refusals, story.moves, story.state.selections.size]).toEqual([[code], [], 0]);
  });
});
