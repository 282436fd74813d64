import { spawn } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lockFolder } from '../adapters/embedded/folder-lock.ts';
import type { Billing, Entry } from '../domain/records.ts';
import { eventId } from '../domain/identity.ts';
import type { ReconciliationReport } from '../reconcile/report.ts';
import type { Replay } from '../streams/replay.ts';
import type { Cast } from './audit-script.ts';
import { buildAuditData, foldToEnd, openData } from './audit-world.ts';
import { Tampering } from './tampering.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

const root = makeTemporaryFolder();
const pristine = join(root.path, 'pristine');
const cli = resolve(import.meta.dirname, '../apps/cli.ts');
let cast: Cast;
let copies = 0;

beforeAll(async () => {
  cast = await buildAuditData(pristine);
});
afterAll(() => root.remove());

interface Verdict<Report> {
  readonly code: number | null;
  readonly report: Report;
}

async function audit<Report>(verb: 'reconcile' | 'replay', folder: string): Promise<Verdict<Report>> {
  const child = spawn(process.execPath, [cli, verb, '--data', folder, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((settle) => child.once('close', settle));
  const [out, problems] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const code = await ended;
  if (code === 2 || out === '') throw new Error(problems);
  return { code, report: JSON.parse(out) as Report };
}

/** Lays hands on a copy of the data, and has it reconciled and replayed. */
async function plant(work: (tampering: Tampering, folder: string) => unknown) {
  copies += 1;
  const folder = join(root.path, `copy-${copies}`);
  cpSync(pristine, folder, { recursive: true });
  await work(new Tampering(folder), folder);
  const reconciled = await audit<ReconciliationReport>('reconcile', folder);
  const replayed = await audit<Replay>('replay', folder);
  return { reconciled, replayed };
}

type Found = Awaited<ReturnType<typeof plant>>;

/** What reconciliation found: the sum, and every selection with an amount of its own. */
function expectBroken({ reconciled: { code, report } }: Found, micros: number, selections: readonly Billing[]): void {
  expect([code, report.result, report.unexplained_micros]).toEqual([1, 'differs', String(micros)]);
  const named = new Set(report.breaks.map((found) => found.selection_id).filter((id) => id !== ''));
  for (const { selection_id } of selections) expect(named).toContain(selection_id);
  expect(
    new Set(
      report.breaks.filter((b) => b.difference_micros !== '0' && b.selection_id !== '').map((b) => b.selection_id),
    ),
  ).toEqual(new Set(micros === 0 ? [] : selections.map(({ selection_id }) => selection_id)));
}

function expectReplayDiffers(
  { replayed: { code, report } }: Found,
  first: Partial<Replay['differences'][number]>,
): void {
  expect([code, report.result]).toEqual([1, 'differs']);
  expect(report.differences[0]).toMatchObject(first);
}

function expectReplayEqual({ replayed: { code, report } }: Found): void {
  expect([code, report.result, report.digest === report.replayed_digest]).toEqual([0, 'tallies', true]);
}

const tentative = ({ shard }: Billing): string => `tentative-${shard}`;
const final = ({ shard }: Billing): string => `final-${shard}`;
const is =
  ({ selection_id }: Billing, kind: string, credit?: string) =>
  (entry: Entry): boolean =>
    entry.selection_id === selection_id &&
    entry.kind === kind &&
    (credit === undefined || entry.credit_account === credit);
const place = ({ source_offset, ordinal }: Entry): string => `${source_offset}.${ordinal}`;

describe('Nothing planted', () => {
  it('tallies, with every cause that the script has and no other, and the replay is equal', async () => {
    const found = await plant(() => {});
    const { code, report } = found.reconciled;
    expect(report.breaks).toEqual([]);
    expect(report).toMatchObject({
      result: 'tallies',
      unexplained_micros: '0',
      self_test: 'passed',
      reporting: 'compared',
      selections: report.closed_selections,
    });
    expect(report.causes.map(({ cause }) => cause).sort()).toEqual([
      'absorbed_fenced',
      'absorbed_no_lease',
      'adjusted',
      'duplicate_beacon',
      'late_beacon',
      'not_rendered',
      'reversed',
      'selection_record_lost',
      'surplus_draw',
      'test_traffic',
      'voided',
    ]);
    expect(report.bridges).toHaveLength(12);
    for (const bridge of report.bridges) expect(bridge).toMatchObject({ left_micros: '0' });
    expect(report.invariants.map(({ number, holds }) => [number, holds])).toEqual(
      [3, 4, 5, 6, 7].map((n) => [n, true]),
    );
    expect(code).toBe(0);
    expectReplayEqual(found);
  });
});

describe('An audit that can not be run', () => {
  const ask = async (folder: string) => {
    const child = spawn(process.execPath, [cli, 'reconcile', '--data', folder], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = new Promise<number | null>((settle) => child.once('close', settle));
    return { problem: await text(child.stderr), code: await ended };
  };

  it('ends with 2 where there is no data', async () => {
    expect(await ask(join(root.path, 'nowhere'))).toEqual({
      code: 2,
      problem: expect.stringMatching(/^NOT_READY: there is no data in .*nowhere\n$/),
    });
  });

  it('ends with 2 while a platform runs on the data', async () => {
    mkdirSync(join(pristine, 'run'), { recursive: true });
    const lock = lockFolder(join(pristine, 'run'));
    const { code, problem } = await ask(pristine);
    lock.release();
    expect([code, problem]).toEqual([
      2,
      expect.stringMatching(/^NOT_READY: Adtally runs on .*pristine: have its console do it/),
    ]);
  });
});

describe('One defect planted in a ledger', () => {
  it('an entry dropped: its amount, its selection, and the place where replay parts', async () => {
    const dropped = is(cast.rendered, 'certify', 'publisher:payable');
    const entry = new Tampering(pristine).entries(final(cast.rendered)).find(dropped) as Entry;
    const found = await plant((t) => t.changeEntries(final(cast.rendered), (e) => (dropped(e) ? null : e)));
    expectBroken(found, entry.amount_micros, [cast.rendered]);
    expectReplayDiffers(found, { stream: final(cast.rendered) });
    expect(found.replayed.report.differences).toContainEqual(
      expect.objectContaining({ place: place(entry), selection_id: cast.rendered.selection_id }),
    );
  });

  it('a micro added, every hash after it forged to fit', async () => {
    const raised = is(cast.rendered, 'incur');
    const found = await plant((t) =>
      t.forgeEntries(tentative(cast.rendered), (e) => (raised(e) ? { ...e, amount_micros: e.amount_micros + 1 } : e)),
    );
    expectBroken(found, 1, [cast.rendered]);
    expectReplayDiffers(found, { stream: tentative(cast.rendered), selection_id: cast.rendered.selection_id });
  });

  it('a micro moved from one selection to another in the same hour, every hash forged to fit', async () => {
    const moved = (e: Entry): number => (is(cast.rendered, 'incur')(e) ? -1 : is(cast.neighbour, 'incur')(e) ? 1 : 0);
    const found = await plant((t) => {
      for (const stream of new Set([tentative(cast.rendered), tentative(cast.neighbour)]))
        t.forgeEntries(stream, (e) => (moved(e) === 0 ? e : { ...e, amount_micros: e.amount_micros + moved(e) }));
    });
    expectBroken(found, 2, [cast.rendered, cast.neighbour]);
    expect(found.replayed.code).toBe(1);
  });

  it('a posting shifted by an hour, every hash forged to fit: the amount that is not where it should be', async () => {
    const shifted = is(cast.viewed, 'incur');
    const found = await plant((t) =>
      t.forgeEntries(tentative(cast.viewed), (e) => (shifted(e) ? { ...e, posted_at: e.posted_at + 3_600_000 } : e)),
    );
    expectBroken(found, cast.viewed.price_micros, [cast.viewed]);
    expectReplayDiffers(found, { selection_id: cast.viewed.selection_id });
  });

  it('a posting put into the closed month before, every hash forged to fit', async () => {
    const november = (e: Entry): boolean => e.kind === 'reverse' && e.credit_account === 'advertiser:unbilled';
    const found = await plant((t) =>
      t.forgeEntries(final(cast.reversed), (e) => (november(e) ? { ...e, posting_period: '2026-10' } : e)),
    );
    expectBroken(found, cast.reversed.price_micros, [cast.reversed]);
    expect(found.replayed.code).toBe(1);
  });

  it('a selection charged twice, by a shard that is not its own, every hash forged to fit', async () => {
    const other = `tentative-${1 - cast.rendered.shard}`;
    const whole = new Tampering(pristine);
    const charge = whole
      .entries(tentative(cast.rendered))
      .filter((e) => is(cast.rendered, 'draw')(e) || is(cast.rendered, 'incur')(e));
    const last = whole.entries(other).at(-1) as Entry;
    const twice = charge.map((e, index) => ({
      ...e,
      source_offset: last.source_offset,
      ordinal: last.ordinal + 1 + index,
    }));
    const found = await plant((t) => t.forgeEntries(other, (e) => (place(e) === place(last) ? [e, ...twice] : e)));
    expectBroken(found, cast.rendered.price_micros, [cast.rendered]);
    expect(found.reconciled.report.invariants.find(({ number }) => number === 5)).toMatchObject({ holds: false });
    expectReplayDiffers(found, { stream: other, selection_id: cast.rendered.selection_id });
  });

  it('a byte flipped: the entry whose currency it was', async () => {
    const first = new Tampering(pristine).entries(tentative(cast.clicked))[0] as Entry;
    const found = await plant((t) => t.flipByte(tentative(cast.clicked), first.currency));
    expect(found.reconciled.code).toBe(1);
    expect(found.reconciled.report.unexplained_micros).toBe(String(first.amount_micros));
    expect(found.reconciled.report.breaks.map((b) => b.selection_id)).toContain(first.selection_id);
    expectReplayDiffers(found, { stream: tentative(cast.clicked) });
  });

  it('the tail of a stream cut: what its entries moved, and where the stream stands', async () => {
    let lost: readonly Entry[] = [];
    const found = await plant((t) => {
      lost = t.cutStream(final(cast.reversed));
    });
    const { code, report } = found.reconciled;
    expect(lost.length).toBeGreaterThan(0);
    expect(code).toBe(1);
    expect(report.breaks.map((b) => b.code)).toContain('ledger_position');
    expect(new Set(report.breaks.map((b) => b.selection_id).filter((id) => id !== ''))).toEqual(
      new Set(lost.map((e) => e.selection_id).filter((id) => id !== '')),
    );
    expect(report.unexplained_micros).toBe(String(cast.reversed.price_micros));
  });
});

describe('One defect planted in reporting', () => {
  const row = ({ selection_id }: Billing): string =>
    `selection_id = '${selection_id}' AND truth = 'final' AND kind = 'certify' AND credit_account = 'publisher:payable'`;

  it('a row of the journal dropped: its amount', async () => {
    const entry = new Tampering(pristine)
      .entries(final(cast.rendered))
      .find(is(cast.rendered, 'certify', 'publisher:payable'));
    const found = await plant((t) =>
      t.warehouse(`DELETE FROM adtally.entry_booked WHERE ${row(cast.rendered)} SETTINGS mutations_sync = 2`),
    );
    expectBroken(found, entry?.amount_micros ?? 0, [cast.rendered]);
    expectReplayEqual(found);
  });

  it('a row duplicated: no number that is reported changes, and the row is named', async () => {
    const found = await plant((t) =>
      t.warehouse(
        'SYSTEM STOP MERGES adtally.entry_booked',
        `INSERT INTO adtally.entry_booked SELECT * FROM adtally.entry_booked WHERE ${row(cast.rendered)}`,
      ),
    );
    expectBroken(found, 0, [cast.rendered]);
    expect(found.reconciled.report.breaks).toMatchObject([{ code: 'reporting_rows', truth: 'reporting' }]);
  });

  it('a row of evidence dropped: the price that reports no longer show', async () => {
    const sql = `DELETE FROM adtally.ad_selected WHERE selection_id = '${cast.unseen.selection_id}' SETTINGS mutations_sync = 2`;
    const found = await plant((t) => t.warehouse(sql));
    expectBroken(found, cast.unseen.price_micros, [cast.unseen]);
  });

  it('an amount changed in a row', async () => {
    const sql = `ALTER TABLE adtally.entry_booked UPDATE amount_micros = amount_micros + 5 WHERE ${row(cast.rendered)} SETTINGS mutations_sync = 2`;
    const found = await plant((t) => t.warehouse(sql));
    expectBroken(found, 5, [cast.rendered]);
  });
});

describe('One defect planted in the log', () => {
  const spend = ({ selection_id }: Billing) => ({
    isOf: (value: { readonly billing: Billing }): boolean => value.billing.selection_id === selection_id,
  });

  it('a verdict faked: nobody who reads its evidence would believe it', async () => {
    const { selection_id, shard } = cast.rendered;
    const found = await plant((t) => {
      const seen = t.record(
        'impression',
        shard,
        'ImpressionRendered',
        (v) => v.beacon.billing.selection_id === selection_id,
      );
      const value = {
        event_id: eventId(selection_id, 'invalidated:declared_bot', 0),
        selection_id,
        category: 'GIVT' as const,
        rule: 'declared_bot',
        rules_version: 1,
        reason: 'every billable arrival declares itself a robot',
        evidence: [{ topic: 'impression', shard, offset: seen.offset }],
        judged_by: 'traffic-quality',
        judged_at: Date.UTC(2026, 10, 1),
      };
      t.appendRecord('spend', shard, selection_id, { name: 'TrafficInvalidated', value });
    });
    expectBroken(found, cast.rendered.price_micros, [cast.rendered]);
    expect(found.reconciled.report.breaks.map((b) => b.code)).toEqual(['verdict_without_evidence']);
  });

  it('a selection replayed into a shard that is not its own, whose fold refuses it', async () => {
    const { shard, selection_id } = cast.rendered;
    const { isOf } = spend(cast.rendered);
    const other = 1 - shard;
    const found = await plant(async (t, folder) => {
      const reserved = t.record('spend', shard, 'SpendReserved', isOf).value;
      const incurred = t.record('spend', shard, 'SpendIncurred', isOf).value;
      t.appendRecord('spend', other, selection_id, { name: 'SpendReserved', value: reserved });
      t.appendRecord('spend', other, selection_id, { name: 'SpendIncurred', value: incurred });
      const data = await openData(folder);
      await foldToEnd(data, join(folder, 'state'));
      await data.close();
    });
    expectBroken(found, cast.rendered.price_micros, [cast.rendered]);
    const { breaks } = found.reconciled.report;
    expect(breaks.map((b) => b.code)).toContain('wrong_shard');
    expectReplayEqual(found);
  });

  it('the draw_lease of a click cleared: the price that it drew', async () => {
    const { shard } = cast.clicked;
    const found = await plant((t) => {
      const { offset, value } = t.record('spend', shard, 'SpendIncurred', spend(cast.clicked).isOf);
      t.replaceRecord('spend', shard, offset, { name: 'SpendIncurred', value: { ...value, draw_lease: null } });
    });
    expectBroken(found, cast.clicked.price_micros, [cast.clicked]);
    expectReplayDiffers(found, { selection_id: cast.clicked.selection_id });
  });

  it('the draw_lease of a reservation cleared: the price, though the fold takes the lease from the content', async () => {
    const { shard } = cast.rendered;
    const found = await plant((t) => {
      const { offset, value } = t.record('spend', shard, 'SpendReserved', spend(cast.rendered).isOf);
      t.replaceRecord('spend', shard, offset, { name: 'SpendReserved', value: { ...value, draw_lease: null } });
    });
    expectBroken(found, cast.rendered.price_micros, [cast.rendered]);
    expectReplayEqual(found);
  });

  it('a SpendIncurred lost', async () => {
    const { shard } = cast.clicked;
    const found = await plant((t) => {
      const { offset } = t.record('spend', shard, 'SpendIncurred', spend(cast.clicked).isOf);
      t.loseRecord('spend', shard, offset);
    });
    expectBroken(found, cast.clicked.price_micros, [cast.clicked]);
    expect(found.reconciled.report.breaks.map((b) => b.code)).toEqual(
      expect.arrayContaining(['missing_record', 'lost_spend_incurred']),
    );
    expect(found.replayed.code).toBe(1);
  });

  it('a price changed in `selected`: the difference', async () => {
    const { shard } = cast.viewed;
    const found = await plant((t) => {
      const { offset, value } = t.record('selected', shard, 'AdSelected', spend(cast.viewed).isOf);
      const billing = { ...value.billing, price_micros: value.billing.price_micros + 321 };
      t.replaceRecord('selected', shard, offset, { name: 'AdSelected', value: { ...value, billing } });
    });
    expectBroken(found, 321, [cast.viewed]);
    expectReplayEqual(found);
  });

  it('a bid changed in the catalogue: every selection that it priced', async () => {
    const found = await plant((t) => {
      const { offset, value } = t.record('catalog', 0, 'LineItemPublished', (v) => v.line_item_id === 'li_cpc');
      t.replaceRecord('catalog', 0, offset, { name: 'LineItemPublished', value: { ...value, bid_micros: 1 } });
    });
    const { code, report } = found.reconciled;
    const priced = new Set(report.breaks.map((b) => b.selection_id));
    expect([code, priced.size]).toEqual([1, 3]);
    expect(report.unexplained_micros).toBe(String(3 * cast.clicked.price_micros));
  });

  it("a shard's tail cut: what the ledger booked of it", async () => {
    const { shard } = cast.reversed;
    const found = await plant((t) => {
      const { offset } = t.record(
        'spend',
        shard,
        'TrafficInvalidated',
        (value) => value.selection_id === cast.reversed.selection_id,
      );
      t.cutTail('spend', shard, offset);
    });
    expectBroken(found, cast.reversed.price_micros, [cast.reversed]);
    expect(found.reconciled.report.breaks.map((b) => b.code)).toContain('ledger_position');
    expectReplayDiffers(found, {});
  });

  it('a beacon lost: the charge that nothing proves', async () => {
    const { shard, selection_id } = cast.neighbour;
    const found = await plant((t) => {
      const isOf = (v: { beacon: { billing: Billing } }): boolean => v.beacon.billing.selection_id === selection_id;
      t.loseRecord('impression', shard, t.record('impression', shard, 'ImpressionRendered', isOf).offset);
    });
    expectBroken(found, cast.neighbour.price_micros, [cast.neighbour]);
    expectReplayEqual(found);
  });

  describe('bytes of a beacon spoilt', () => {
    const corrupt = (t: Tampering): number => {
      const { shard, selection_id } = cast.neighbour;
      const isOf = (v: { beacon: { billing: Billing } }): boolean => v.beacon.billing.selection_id === selection_id;
      const { offset } = t.record('impression', shard, 'ImpressionRendered', isOf);
      t.corruptRecord('impression', shard, offset);
      return offset;
    };
    const offsetOf = (offset: number): string => `impression/${cast.neighbour.shard}@${offset}`;

    it('and nobody noticed: the charge that nothing proves, and the record', async () => {
      let offset = -1;
      const found = await plant((t) => {
        offset = corrupt(t);
      });
      expectBroken(found, cast.neighbour.price_micros, [cast.neighbour]);
      expect(found.reconciled.report.breaks).toContainEqual(
        expect.objectContaining({ code: 'unreadable_record', refs: [offsetOf(offset)] }),
      );
    });

    it('and quarantine says so: a cause that names the record, and no break', async () => {
      const { shard, selection_id: source_key, price_micros } = cast.neighbour;
      let offset = -1;
      const found = await plant((t) => {
        offset = corrupt(t);
        const source = { source_topic: 'impression', source_shard: shard, source_offset: offset, source_key };
        const why = { code: 'UNREADABLE_RECORD', reason: 'cut short', processor: 'traffic-quality' };
        const value = { ...source, ...why, bytes: Buffer.alloc(0), origin: null, quarantined_at: 1 };
        t.appendRecord('quarantine', 0, source_key, { name: 'Quarantined', value });
      });
      const { code, report } = found.reconciled;
      expect([code, report.breaks, report.quarantined_records]).toEqual([0, [], 1]);
      const own = report.differences.filter((difference) => difference.selection_id === source_key);
      // Delivery can't show it, and spend has charged it.
      expect(own).toMatchObject([
        { cause: 'record_quarantined', from: 'delivery', to: 'spend', amount_micros: String(-price_micros) },
        { cause: 'record_quarantined', from: 'selection', to: 'delivery', amount_micros: String(price_micros) },
      ]);
      for (const bridge of report.bridges) expect(bridge).toMatchObject({ left_micros: '0' });
      expect(own[0]?.refs).toContain(offsetOf(offset));
    });
  });

  it('a reservation that nobody decided', async () => {
    const { shard, selection_id } = cast.unseen;
    const found = await plant((t) => {
      const { offset } = t.record('selected', shard, 'AdSelected', spend(cast.unseen).isOf);
      t.loseRecord('selected', shard, offset);
    });
    expect(found.reconciled.report.breaks.map((b) => b.selection_id)).toContain(selection_id);
    expectBroken(found, cast.unseen.price_micros, [cast.unseen]);
  });

  it('a micro that pacing forgot', async () => {
    const found = await plant((t) => {
      const deltas = [0, 1].flatMap((shard) =>
        t.records('pacing', shard, 'SpendDelta').map((at) => ({ shard, ...at })),
      );
      const newest = deltas.at(-1);
      if (newest === undefined) throw new Error('no delta');
      const { shard, offset, value } = newest;
      t.replaceRecord('pacing', shard, offset, {
        name: 'SpendDelta',
        value: { ...value, drawn_micros: value.drawn_micros - 1 },
      });
    });
    expect(found.reconciled.report).toMatchObject({ result: 'differs', unexplained_micros: '1' });
    expect(found.reconciled.report.breaks).toMatchObject([{ code: 'pacing_delta', truth: 'pacing' }]);
    expectReplayEqual(found);
  });
});
