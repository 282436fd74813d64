import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SpendDelta } from '../../domain/records.ts';
import { history } from '../../test/spend-histories.ts';
import {
  type Amounts,
  amountsOf,
  content,
  fenced,
  holdMs,
  horizonMs,
  incurred,
  lease,
  reservationMs,
  reserved,
  SpendStory,
  tick,
  verdict,
} from '../../test/spend-story.ts';
import { PacingDeltas, type PacingOutput } from './pacing-deltas.ts';
import type { SpendRecord } from './spend-lifecycle.ts';

const cpm = content(0);
const dayMs = 86_400_000;

/** What a story writes to `pacing` when it is asked after each of its records. */
function outputsOf(...records: readonly SpendRecord[]): readonly PacingOutput[] {
  const deltas = new PacingDeltas(0);
  return new SpendStory(...records).steps.flatMap((step) => {
    deltas.add(step);
    return deltas.take(step.offset + 1, step.foldTime);
  });
}

function deltasOf(outputs: readonly PacingOutput[]): readonly SpendDelta[] {
  return outputs.flatMap((one) => (one.name === 'SpendDelta' ? [one.value] : []));
}

/** A reader by the contract: highest offset wins, a passed fence adds leases to their day, a day row of a higher offset replaces it. */
class Reader {
  readonly #rows = new Map<string, SpendDelta>();

  read({ name, value }: PacingOutput): void {
    if (name === 'FencePassed') {
      for (const [key, row] of this.#rows) {
        if (row.lease?.node === value.node && row.lease.boot === value.boot)
          this.#intoDay(key, row, value.source_offset);
      }
      return;
    }
    const key = value.lease === null ? keyOfDay(value) : `${value.campaign_id}/${JSON.stringify(value.lease)}`;
    if ((this.#rows.get(key)?.source_offset ?? -1) < value.source_offset) this.#rows.set(key, value);
  }

  #intoDay(key: string, row: SpendDelta, source_offset: number): void {
    const ofDay = this.#rows.get(keyOfDay(row));
    this.#rows.delete(key);
    this.#rows.set(
      keyOfDay(row),
      ofDay === undefined ? { ...row, lease: null, source_offset } : { ...added(ofDay, row), source_offset },
    );
  }

  get sums(): Omit<Amounts, 'absorbed' | 'absorbed_voided'> {
    const total = { drawn: 0, released: 0, incurred: 0, suspended: 0, voided: 0, certified: 0, reversed: 0 };
    for (const row of this.#rows.values()) {
      for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += row[`${name}_micros`];
    }
    return total;
  }
}

function keyOfDay({ campaign_id, day }: SpendDelta): string {
  return `${campaign_id}/${day}`;
}

function added(a: SpendDelta, b: SpendDelta): SpendDelta {
  return {
    ...a,
    drawn_micros: a.drawn_micros + b.drawn_micros,
    released_micros: a.released_micros + b.released_micros,
    incurred_micros: a.incurred_micros + b.incurred_micros,
    suspended_micros: a.suspended_micros + b.suspended_micros,
    voided_micros: a.voided_micros + b.voided_micros,
    certified_micros: a.certified_micros + b.certified_micros,
    reversed_micros: a.reversed_micros + b.reversed_micros,
  };
}

describe('deltas of a shard', () => {
  it('are cumulative by campaign and lease, up to the offset that they name', () => {
    const deltas = deltasOf(outputsOf(reserved(cpm), incurred(cpm), tick(holdMs), verdict(cpm)));
    expect(
      deltas.map((one) => [
        one.source_offset,
        one.drawn_micros,
        one.incurred_micros,
        one.certified_micros,
        one.reversed_micros,
      ]),
    ).toEqual([
      [3, 2_500, 0, 0, 0],
      [4, 2_500, 2_500, 0, 0],
      [5, 2_500, 2_500, 2_500, 0],
      [6, 2_500, 2_500, 2_500, 2_500],
    ]);
    expect(deltas[3]).toMatchObject({
      lease: lease(0),
      day: '2026-10-31',
      selections: 1,
      billable_events: 1,
      shard: 0,
    });
  });

  it('say nothing of what is absorbed', () => {
    expect(outputsOf(incurred(content(0, { draw_lease: null })))).toEqual([]);
  });

  it('come for the last time before their boot is behind its fence, then count in the row of the day', () => {
    const deltas = new PacingDeltas(0);
    const story = new SpendStory(reserved(cpm), reserved(content(1)), fenced(0), incurred(cpm));
    for (const step of story.steps.slice(0, 5)) deltas.add(step);
    const atFence = deltas.take(5, 0);
    expect(atFence.map((one) => one.name)).toEqual(['SpendDelta', 'FencePassed', 'SpendDelta']);
    expect(atFence[0]?.value).toMatchObject({ lease: lease(0), source_offset: 4, drawn_micros: 5_000 });
    // Two writers in turn could otherwise have each other's last row of the day refused, each by the other's fence.
    expect(atFence[2]?.value).toMatchObject({ lease: null, source_offset: 5, drawn_micros: 5_000 });
    for (const step of story.steps.slice(5)) deltas.add(step);
    expect(deltas.take(6, 0).map((one) => one.value)).toMatchObject([
      { lease: null, day: '2026-10-31', source_offset: 6, drawn_micros: 5_000, incurred_micros: 2_500, selections: 2 },
    ]);
  });

  it('of any history sum up to what the fold moved on leases, whenever they are written', () => {
    fc.assert(
      fc.property(history, fc.array(fc.boolean(), { minLength: 1 }), (records, writes) => {
        const [deltas, reader] = [new PacingDeltas(0), new Reader()];
        const story = new SpendStory(...records.slice(2));
        for (const [index, step] of story.steps.entries()) {
          deltas.add(step);
          if (writes[index % writes.length] !== true && index + 1 < story.steps.length) continue;
          for (const output of deltas.take(step.offset + 1, step.foldTime)) reader.read(output);
        }
        const onLeases = story.transitions.filter((one) => 'lease' in one && one.lease !== null);
        const { absorbed: _, absorbed_voided: __, ...sums } = amountsOf(onLeases);
        expect(reader.sums).toEqual(sums);
      }),
      { numRuns: 300 },
    );
  });

  it('leave memory when their day is further back than any horizon and nothing is in flight', () => {
    const deltas = new PacingDeltas(0);
    for (const step of new SpendStory(
      reserved(cpm),
      tick(reservationMs),
      reserved(content(3_000, { campaign_id: 'cmp_2' })),
    ).steps)
      deltas.add(step);
    deltas.take(9, 0);
    deltas.takeUnsaved();
    const removedAt = (afterDayMs: number) => {
      deltas.forget(Date.UTC(2026, 9, 31) + horizonMs + afterDayMs, horizonMs);
      return deltas.takeUnsaved().removed;
    };
    expect(removedAt(dayMs)).toEqual([]);
    expect(removedAt(4 * dayMs)).toEqual([expect.stringContaining('cmp_1/n0/')]);
  });
});
