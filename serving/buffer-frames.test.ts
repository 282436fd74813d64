import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Entry, Group, readEntries } from './buffer-frames.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03';
const record = fc.record(
  {
    topic: fc.constantFrom('spend', 'selected', 'impression', 'pacing', 'quarantine', 'nodes'),
    shard: fc.nat(255),
    key: fc.string({ maxLength: 60, unit: 'grapheme' }),
    value: fc.uint8Array({ maxLength: 300 }),
    traceparent: fc.constant(traceparent),
  },
  { requiredKeys: ['topic', 'shard', 'key', 'value'] },
);
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
    records: records.map(({ value, ...rest }) => ({ ...rest, value: [...value] })),
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

  it('without tracing are byte for byte what they were before there was any', () => {
    const value = Uint8Array.of(1, 2, 3);
    const bytes = framed([{ sequence: 5, records: [{ topic: 'spend', shard: 2, key: 'ab', value }] }]);
    // length, CRC-32, sequence, number of records; topic, shard, length of key, length of value, key, value
    const expected = '00000016 14a682f2 000000000005 0001 00 0002 0002 00000003 6162 010203';
    expect(Buffer.from(bytes).toString('hex')).toBe(expected.replaceAll(' ', ''));
    const traced = framed([{ sequence: 5, records: [{ topic: 'spend', shard: 2, key: 'ab', value, traceparent }] }]);
    expect(traced.length).toBe(bytes.length + traceparent.length);
  });

  it('take no traceparent of another length', () => {
    const bad = { topic: 'spend', shard: 0, key: '', value: new Uint8Array() } as const;
    for (const text of ['', '00-ab', `${traceparent}0`, `${traceparent.slice(0, 54)}é1`]) {
      expect(() => framed([{ sequence: 1, records: [{ ...bad, traceparent: text }] }])).toThrow(/traceparent/);
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
