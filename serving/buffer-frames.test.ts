import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Entry, Group, readEntries } from './buffer-frames.ts';

const record = fc.record({
  topic: fc.constantFrom('spend', 'selected', 'impression', 'pacing', 'quarantine', 'nodes'),
  shard: fc.nat(255),
  key: fc.string({ maxLength: 60, unit: 'grapheme' }),
  value: fc.uint8Array({ maxLength: 300 }),
});
const entries = fc
  .array(fc.array(record, { maxLength: 4 }), { minLength: 1, maxLength: 20 })
  .map((list) => list.map((records, index) => ({ sequence: 7 * index + 1, records })) as Entry[]);

function framed(list: readonly Entry[]): Uint8Array {
  const group = new Group();
  for (const { sequence, records } of list) group.add(sequence, records);
  return group.take();
}

function plain(list: readonly Entry[]): unknown {
  return list.map(({ sequence, records }) => ({
    sequence,
    records: records.map(({ topic, shard, key, value }) => ({ topic, shard, key, value: [...value] })),
  }));
}

describe('Frames of the private buffer', () => {
  it('give back exactly what was put in', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const bytes = framed(list);
        const read = readEntries(bytes);
        expect(plain(read.entries)).toEqual(plain(list));
        expect(read.goodBytes).toBe(bytes.length);
      }),
    );
  });

  it('keep the numbers that topics had when segments were written that are still on a disk', () => {
    const topics = [
      'spend',
      'selected',
      'impression',
      'engagement',
      'click',
      'pacing',
      'quarantine',
      'persons',
    ] as const;
    for (const [number, topic] of [...topics, 'conversion' as const, 'nodes' as const].entries()) {
      const bytes = framed([{ sequence: 1, records: [{ topic, shard: 0, key: '', value: new Uint8Array() }] }]);
      expect([topic, bytes[16]]).toEqual([topic, number]);
    }
  });

  it('cut anywhere give the whole entries before the cut and nothing else', () => {
    fc.assert(
      fc.property(entries, fc.double({ min: 0, max: 1, noNaN: true }), (list, place) => {
        const bytes = framed(list);
        const cut = Math.floor(place * bytes.length);
        const whole = readEntries(bytes.subarray(0, cut));
        expect(plain(whole.entries)).toEqual(plain(list.slice(0, whole.entries.length)));
        expect(whole.goodBytes).toBeLessThanOrEqual(cut);
        const next = readEntries(bytes).entries.length === whole.entries.length;
        expect(next).toBe(cut === bytes.length);
      }),
    );
  });

  it('with a flipped bit end before the entry that holds it', () => {
    fc.assert(
      fc.property(entries, fc.nat(), fc.nat(7), (list, place, bit) => {
        const bytes = framed(list);
        const at = place % bytes.length;
        bytes[at] = (bytes[at] as number) ^ (1 << bit);
        const read = readEntries(bytes);
        expect(read.goodBytes).toBeLessThanOrEqual(at);
        expect(plain(read.entries)).toEqual(plain(list.slice(0, read.entries.length)));
      }),
    );
  });

  it('followed by zeroes, as a file system may leave behind a torn write, end before them', () => {
    const bytes = framed([
      { sequence: 1, records: [{ topic: 'spend', shard: 0, key: 'k', value: new Uint8Array(3) }] },
    ]);
    const longer = new Uint8Array(bytes.length + 4096);
    longer.set(bytes);
    expect(readEntries(longer).goodBytes).toBe(bytes.length);
  });
});
