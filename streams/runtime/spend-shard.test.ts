import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Billing, SpendReserved } from '../../domain/records.ts';
import { history } from '../../test/spend-histories.ts';
import { steadyLife, SpendPlatform, type WriterLife } from '../../test/spend-platform.ts';
import {
  content,
  fenced,
  holdMs,
  horizonMs,
  incurred,
  policy,
  reserved,
  tick,
  verdict,
} from '../../test/spend-story.ts';

const life: fc.Arbitrary<WriterLife> = fc.record({
  batchRecords: fc.integer({ min: 1, max: 12 }),
  diesAt: fc.option(fc.integer({ min: 1, max: 20 })),
  diesAfter: fc.boolean(),
  cold: fc.integer({ min: 0, max: 4 }).map((die) => die === 0),
  eager: fc.boolean(),
  stopsAfterReads: fc.option(fc.integer({ min: 1, max: 8 })),
});

describe('the writer of a shard', () => {
  it('writes the same streams, byte for byte, in one life and in any number of lives that stop, crash or lose their states', async () => {
    await fc.assert(
      fc.asyncProperty(history, fc.array(life, { maxLength: 8 }), async (records, lives) => {
        const [steady, eventful] = [new SpendPlatform(), new SpendPlatform()];
        await steady.append(records);
        expect(await steady.live(steadyLife)).toMatchObject({ status: 'stopped', code: '' });
        await eventful.append(records);
        for (const one of lives) await eventful.live(one, { keepMs: 0 });
        expect(await eventful.live({ ...steadyLife, batchRecords: 7 })).toMatchObject({ status: 'stopped', code: '' });
        expect(await eventful.outcome()).toEqual(await steady.outcome());
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ])(
    'loses and repeats nothing whichever of its writes it dies at (pacing at every turn: %s, after the write: %s)',
    async (eager, diesAfter) => {
      const steady = new SpendPlatform();
      const records = [
        policy(),
        tick(0),
        reserved(content(0)),
        reserved(content(0, { campaign_id: 'cmp_9' })),
        fenced(1),
      ];
      records.push(
        incurred(content(1, { campaign_id: 'cmp_2' })),
        verdict(content(1)),
        incurred(content(0)),
        tick(holdMs),
      );
      await steady.append(records);
      await steady.live(steadyLife);
      const expected = await steady.outcome();
      for (let diesAt = 1; ; diesAt += 1) {
        const platform = new SpendPlatform();
        await platform.append(records);
        const first = await platform.live({ ...steadyLife, batchRecords: 2, eager, diesAt, diesAfter });
        await platform.live({ ...steadyLife, eager: false });
        expect(await platform.outcome()).toEqual(expected);
        if (first.status === 'stopped') break;
      }
    },
  );

  it('starts anew from the tails when an append fails, whether it was written or not', async () => {
    const platform = new SpendPlatform();
    const one = content(0);
    await platform.append([policy(), tick(0), reserved(one), incurred(one), tick(holdMs)]);
    for (const outcome of ['written', 'not_written'] as const) {
      platform.ledger.failNextAppend(outcome);
      expect(await platform.live({ ...steadyLife, batchRecords: 2 })).toMatchObject({ status: 'stopped', code: '' });
    }
    const batches = await platform.batches('tentative');
    expect(batches.flatMap((batch) => batch.entries.map((entry) => entry.kind))).toEqual(['draw', 'incur', 'certify']);
    expect(batches.at(-1)?.next).toEqual({ offset: 5, ordinal: 0 });
  });

  it('shares a shard with a former owner that is still at work without booking anything twice', async () => {
    const [shared, alone] = [new SpendPlatform(), new SpendPlatform()];
    const records = [policy(), tick(0)];
    for (let index = 0; index < 40; index += 1)
      records.push(reserved(content(index)), incurred(content(index)), tick(index * 500_000));
    await shared.append(records);
    await alone.append(records);
    await alone.live(steadyLife);
    await Promise.all([
      shared.live({ ...steadyLife, batchRecords: 3 }),
      shared.live({ ...steadyLife, batchRecords: 5 }),
    ]);
    await shared.live(steadyLife);
    expect(await shared.outcome()).toEqual(await alone.outcome());
  });

  it('puts corrupt bytes aside with their place and goes on behind them', async () => {
    const platform = new SpendPlatform();
    const one = content(0);
    const whole = platform.registry.encode('SpendReserved', reservationOf(one));
    await platform.append([policy(), tick(0), whole.subarray(0, 40), Buffer.from('?'), incurred(one), tick(holdMs)]);
    expect(await platform.live(steadyLife)).toMatchObject({ status: 'stopped' });
    const { quarantine } = await platform.outcome();
    expect(quarantine).toEqual(['spend/0/2 UNREADABLE_RECORD', 'spend/0/3 UNREADABLE_RECORD']);
    expect((await platform.batches('final')).at(-1)).toMatchObject({ next: { offset: 6, ordinal: 0 }, entry_count: 3 });
  });

  it('books everything before a record of unknown schema, then stops and says where', async () => {
    const platform = new SpendPlatform();
    await platform.append([policy(), tick(0), incurred(content(0)), Buffer.from([0, 0, 9, 9, 9, 1]), tick(holdMs)]);
    const health = await platform.live(steadyLife);
    expect(health).toMatchObject({ status: 'failed', code: 'UNKNOWN_SCHEMA' });
    expect(health.reason).toContain('stopped at spend/0/3');
    expect(health.about).toEqual({ topic: 'spend', offset: 3 });
    expect((await platform.batches('tentative')).at(-1)).toMatchObject({
      next: { offset: 3, ordinal: 0 },
      entry_count: 2,
    });
    expect((await platform.outcome()).quarantine).toEqual([]);
  });

  it('stops at a shard that does not begin with a policy', async () => {
    const platform = new SpendPlatform();
    await platform.append([tick(0), policy()]);
    expect(await platform.live(steadyLife)).toMatchObject({ status: 'failed', code: 'INVARIANT_BROKEN' });
  });

  it('does not go on in a log that ends before its ledgers', async () => {
    const [full, empty] = [new SpendPlatform(), new SpendPlatform()];
    await full.append([policy(), tick(0), incurred(content(0))]);
    await full.live(steadyLife);
    const states = full.states.open();
    const [event] = await full.ledger.open().readForwards('tentative-0', 0, 1);
    await empty.ledger.open().append('tentative-0', 'no_stream', event === undefined ? [] : [event]);
    await empty.ledger.open().append('final-0', 'no_stream', await full.ledger.open().readForwards('final-0', 0, 1));
    const puts = [...states.entries('spend/0')];
    await empty.states
      .open()
      .commit('spend/0', { position: (await states.position('spend/0')) ?? '', puts, deletes: [] });
    expect(await empty.live(steadyLife)).toMatchObject({ status: 'failed', code: 'OFFSET_GONE' });
  });

  it('does not fold a log from which evidence is missing', async () => {
    const platform = new SpendPlatform();
    await platform.append([policy(), tick(0), incurred(content(0)), tick(holdMs)]);
    platform.logs.trim('spend', 0, 1);
    expect(await platform.live(steadyLife)).toMatchObject({ status: 'failed', code: 'OFFSET_GONE' });
  });

  it('goes on above what it has folded, whatever was forgotten below', async () => {
    const platform = new SpendPlatform();
    await platform.append([policy(), tick(0), incurred(content(0))]);
    await platform.live(steadyLife);
    platform.logs.trim('spend', 0, 3);
    await platform.append([tick(holdMs)]);
    expect(await platform.live(steadyLife)).toMatchObject({ status: 'stopped', code: '' });
    expect((await platform.batches('final')).at(-1)?.entry_count).toBe(3);
  });

  it('cuts one tick that moves more than fits into an append, and goes on within it after a crash', async () => {
    const [whole, torn] = [new SpendPlatform(), new SpendPlatform()];
    const records = [policy(), tick(0)];
    for (let index = 0; index < 5_000; index += 1)
      records.push(reserved(content(index % 1_000, { selection_id: idOf(index) })));
    records.push(tick(2 * 86_400_000));
    await whole.append(records);
    await torn.append(records);
    await whole.live({ ...steadyLife, batchRecords: 10_000 });
    // three appends of entries; the third, from the middle of the tick on, is lost
    const health = await torn.live({ ...steadyLife, batchRecords: 10_000, diesAt: 3 });
    expect(health).toMatchObject({ status: 'failed' });
    const half = (await torn.batches('tentative')).at(-1);
    expect(half?.next.ordinal).toBeGreaterThan(0);
    await torn.live({ ...steadyLife, cold: true });
    expect(await torn.outcome()).toEqual(await whole.outcome());
    expect((await torn.batches('tentative')).length).toBeGreaterThan(2);
  });

  it('lets settled selections go to disk, finds them there, and sweeps them past their horizon', async () => {
    const platform = new SpendPlatform();
    const one = content(0);
    await platform.append([policy(), tick(0), incurred(one), tick(holdMs), tick(holdMs + 1)]);
    await platform.live({ ...steadyLife, batchRecords: 1 }, { keepMs: 0 });
    await platform.append([
      incurred(one),
      { name: 'TrafficInvalidated', value: verdictOf(one.selection_id) },
      tick(holdMs + 2),
    ]);
    await platform.live({ ...steadyLife, batchRecords: 1 }, { keepMs: 0 });
    expect((await platform.batches('final')).flatMap((batch) => batch.entries.map((entry) => entry.kind))).toEqual([
      'certify',
      'certify',
      'certify',
      'reverse',
      'reverse',
      'reverse',
      'reverse',
    ]);
    const kept = () => [...platform.states.open().entries('spend/0')].map(([key]) => key.slice(0, 1));
    expect(kept()).toContain('d');
    await platform.append([tick(2 * horizonMs), tick(2 * horizonMs + 1)]);
    await platform.live({ ...steadyLife, batchRecords: 1 }, { keepMs: 0 });
    expect(kept()).not.toContain('d');
  });
});

function idOf(index: number): string {
  const { selection_id } = content(index % 1_000);
  return `${selection_id.slice(0, 24)}${String(index).padStart(12, '0')}`;
}

function reservationOf(billing: Billing): SpendReserved {
  const record = reserved(billing);
  if (record.name !== 'SpendReserved') throw new Error('not a reserve');
  return record.value;
}

function verdictOf(selection_id: string) {
  return {
    event_id: selection_id,
    selection_id,
    category: 'SIVT' as const,
    rule: 'late',
    rules_version: 1,
    reason: 'a test',
    evidence: [],
    judged_by: 'test',
    judged_at: 0,
  };
}
