import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type EntityKind,
  entityPrefixes,
  eventId,
  formatUuid,
  isEntityId,
  isUuid,
  mintEntityId,
  parseUuid,
  shardOf,
  timeOfUuidV7,
  uuidV5,
  uuidV7,
} from './identity.ts';

const sixteen = fc.uint8Array({ minLength: 16, maxLength: 16 });
const ten = fc.uint8Array({ minLength: 10, maxLength: 10 });
const kinds = Object.keys(entityPrefixes) as EntityKind[];

describe('A UUID', () => {
  it('is the same after being written and read', () => {
    fc.assert(fc.property(sixteen, (bytes) => Buffer.from(bytes).equals(parseUuid(formatUuid(bytes)))));
  });

  it.each([
    '',
    '018F0000-0000-7000-8000-000000000000',
    '018f000000007000800000000000000',
    '018f0000-0000-0000-8000-000000000000',
    '018f0000-0000-7000-c000-000000000000',
  ])('is not %j', (text) => expect(isUuid(text)).toBe(false));

  it('of version 7 carries its time, and sorts by it', () => {
    const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
    fc.assert(
      fc.property(time, time, ten, ten, (a, b, left, right) => {
        const [first, second] = [uuidV7(a, left), uuidV7(b, right)];
        expect([isUuid(first), first[14], timeOfUuidV7(first)]).toEqual([true, '7', a]);
        if (a < b) expect(first < second).toBe(true);
      }),
    );
  });

  it('of version 5 is a function of its name alone', () => {
    expect(uuidV5('a')).toBe(uuidV5('a'));
    expect(uuidV5('a')).not.toBe(uuidV5('b'));
    expect(isUuid(uuidV5('a'))).toBe(true);
    expect(uuidV5('a')[14]).toBe('5');
  });

  it('of version 5 is the SHA-1 of namespace and name, whatever the name is', () => {
    const namespace = Buffer.from('6f1d2c1e7a4b5c0d9e8f0a1b2c3d4e5f', 'hex');
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (name) => {
        const bytes = createHash('sha1').update(namespace).update(Buffer.from(name)).digest().subarray(0, 16);
        bytes[6] = 0x50 | ((bytes[6] as number) & 0x0f);
        bytes[8] = 0x80 | ((bytes[8] as number) & 0x3f);
        expect(uuidV5(name)).toBe(formatUuid(bytes));
      }),
    );
  });
});

describe('The id of an event', () => {
  const selection = '018f0000-0000-7000-8000-000000000000';

  it('never changes: logs that were written hold it', () => {
    expect(eventId(selection, 'incurred', 0)).toBe(uuidV5('018f0000-0000-7000-8000-000000000000/incurred/0'));
    expect(eventId(selection, 'incurred', 0)).toBe('b4dd3a5b-d495-55de-a74f-1369bce7037a');
  });

  it('differs by selection, kind and ordinal', () => {
    const other = '018f0000-0000-7000-8000-000000000001';
    const ids = [
      eventId(selection, 'click', 0),
      eventId(selection, 'click', 1),
      eventId(selection, 'impression', 0),
      eventId(other, 'click', 0),
    ];
    expect(new Set(ids).size).toBe(4);
  });
});

describe('The shard of a key', () => {
  it('never changes: another number would charge a selection twice', () => {
    expect(['', 'a', 'cmp_1', '018f0000-0000-7000-8000-000000000000'].map((key) => shardOf(key, 4))).toEqual([
      0, 0, 1, 0,
    ]);
  });

  it('is within range and spreads evenly', () => {
    const counts = [0, 0, 0, 0, 0, 0, 0];
    for (let index = 0; index < 70_000; index += 1) {
      const shard = shardOf(uuidV7(1_790_000_000_000 + index, Buffer.alloc(10, index % 251)), 7);
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    expect(counts).toHaveLength(7);
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(600);
  });
});

describe('A catalogue id', () => {
  it('is minted in the form that is accepted, for its kind only', () => {
    const twelve = fc.uint8Array({ minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(fc.constantFrom(...kinds), twelve, (kind, random) => {
        const id = mintEntityId(kind, random);
        expect(kinds.filter((other) => isEntityId(other, id))).toEqual([kind]);
      }),
    );
  });

  it.each(['adv_', 'adv_0123456789ABC', 'adv_a-b', 'adv_ä', 'ADV_1', ' adv_1', 'adv_1\n', 'cmp_1', "adv_1'--"])(
    'is not %j',
    (text) => {
      expect(isEntityId('advertiser', text)).toBe(false);
    },
  );
});
