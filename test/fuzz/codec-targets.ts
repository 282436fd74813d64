import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { sumCreativeStats } from '../../domain/creative-stats-view.ts';
import { isAdtallyError } from '../../domain/errors.ts';
import { decodeFrequencyView, encodeFrequencyView } from '../../domain/frequency-view.ts';
import type { Topic } from '../../domain/records.ts';
import { fromCanonical, schemaIdOf, toCanonical } from '../../domain/wire-format.ts';
import { Group, readEntries } from '../../serving/buffer-frames.ts';
import type { BufferRecord } from '../../serving/local-buffer.ts';
import { cpuMs } from './cpu-time.ts';
import { type GoldenRecord, goldenRecords, registry } from './golden-records.ts';
import { mutatedBodies, mutatedBytes, oddTexts } from './mutations.ts';
import { fuzzTarget } from './target.ts';

/** What a call throws must be one of our errors with one of these codes; returns the code, or null if it returned. */
function refusal(call: () => unknown, codes: readonly string[]): string | null {
  try {
    call();
    return null;
  } catch (error) {
    ok(isAdtallyError(error), `not one of our errors: ${String(error)}`);
    ok(codes.includes(error.code), `${error.code}: ${error.message}`);
    return error.code;
  }
}

/** No record is decoded or refused more slowly than this, ms: a length that lies must not hold the process. */
const slowestMs = 250;

const avroRecords = fuzzTarget({
  name: 'avro-records',
  about:
    'Mutated bytes of every golden version: read as a record that can be written and read again as the same, or UNREADABLE_RECORD or UNKNOWN_SCHEMA.',
  shortRuns: 3_000,
  open: () => ({
    inputs: mutatedBytes(goldenRecords),
    holds: ({ bytes }, seen) => {
      const startedAt = cpuMs();
      let decoded: ReturnType<typeof registry.decode> | null = null;
      const refused = refusal(() => {
        decoded = registry.decode(bytes);
      }, ['UNREADABLE_RECORD', 'UNKNOWN_SCHEMA']);
      ok(cpuMs() - startedAt < slowestMs, 'it took too long');
      seen(refused ?? 'read');
      if (decoded === null) return;
      const { name, value } = decoded as ReturnType<typeof registry.decode>;
      const again = registry.decode(registry.encode(name, value as never));
      deepStrictEqual(again.value, value);
    },
  }),
});

const mirrored = (id: number) => (id >= 1 && id <= 60 ? 61 - id : null);
const registries = [
  {
    numberOf: (id: number) => (id >= 1_000 && id < 1_060 ? id - 999 : null),
    idOf: (number: number) => (number >= 1 && number <= 60 ? number + 999 : null),
  },
  { numberOf: mirrored, idOf: mirrored },
];

const wireFormat = fuzzTarget({
  name: 'wire-format',
  about:
    'Any bytes in the canonical form and back, under two registries: the same bytes, and what nobody knows stays unknown.',
  shortRuns: 3_000,
  open: () => ({
    inputs: fc.oneof(
      mutatedBytes(goldenRecords).map(({ bytes }) => bytes),
      fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
    ),
    holds: (bytes, seen) => {
      const id = schemaIdOf(bytes);
      seen(id === null ? 'not in the wire format' : 'in the wire format');
      for (const one of registries) {
        const canonical = toCanonical(bytes, one);
        strictEqual(canonical.length, bytes.length);
        deepStrictEqual(Buffer.from(canonical.subarray(5)), Buffer.from(bytes.subarray(5)));
        // An id with the bit that no registry gives is known to nobody under either spelling.
        if (id === null || id < 0x8000_0000)
          deepStrictEqual(Buffer.from(fromCanonical(canonical, one)), Buffer.from(bytes));
      }
    },
  }),
});

const topics: readonly Topic[] = ['spend', 'selected', 'impression', 'click', 'quarantine', 'nodes'];
const bufferRecord: fc.Arbitrary<BufferRecord> = fc.record(
  {
    topic: fc.constantFrom(...topics),
    shard: fc.nat(65_535),
    key: fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      fc.constantFrom(...oddTexts.map((text) => text.toWellFormed())),
    ),
    value: fc.constantFrom<GoldenRecord>(...goldenRecords).map(({ bytes }) => bytes),
    traceparent: fc.constant('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03'),
  },
  { requiredKeys: ['topic', 'shard', 'key', 'value'] },
);
const segment = fc.array(fc.array(bufferRecord, { maxLength: 3 }), { minLength: 1, maxLength: 4 });

function framed(entries: readonly (readonly BufferRecord[])[]): { bytes: Buffer; ends: number[] } {
  const group = new Group();
  const ends = entries.map((records, index) => {
    group.add(index + 1, records);
    return group.size;
  });
  return { bytes: Buffer.from(group.take()), ends };
}

const bufferFrames = fuzzTarget({
  name: 'buffer-frames',
  about:
    'A segment whose bytes were changed: its entries up to the first frame that was touched, exactly as they were written, and nothing else.',
  shortRuns: 1_500,
  open: () => ({
    inputs: segment.chain((entries) => mutatedBytes([{ ...framed(entries), entries }])),
    holds: ({ original: { bytes: written, ends, entries }, bytes }, seen) => {
      const same = firstDifference(written, bytes);
      const untouched = ends.filter((end) => end <= same).length;
      const read = readEntries(bytes);
      seen(`${read.entries.length === entries.length ? 'all' : 'some'} entries`);
      ok(read.entries.length >= untouched, 'an entry that nobody touched is gone');
      ok(read.goodBytes <= bytes.length);
      for (const [index, { sequence, records }] of read.entries.slice(0, untouched).entries()) {
        strictEqual(sequence, index + 1);
        deepStrictEqual(records.map(plain), (entries[index] ?? []).map(plain));
      }
    },
  }),
});

function plain({ value, ...rest }: BufferRecord) {
  return { ...rest, value: Buffer.from(value).toString('hex') };
}

function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) if (a[index] !== b[index]) return index;
  return a.length === b.length ? Number.POSITIVE_INFINITY : length;
}

const frameBodies = fuzzTarget({
  name: 'buffer-frame-bodies',
  about:
    'One frame whose body was changed and whose checksum was made to fit: read whole, or UNREADABLE_RECORD; never a record with bytes that are not in it.',
  shortRuns: 1_500,
  open: () => ({
    inputs: fc
      .array(bufferRecord, { minLength: 1, maxLength: 3 })
      .chain((records) => mutatedBytes([{ bytes: framed([records]).bytes.subarray(8) }])),
    holds: ({ bytes: body }, seen) => {
      const header = Buffer.alloc(8);
      header.writeUInt32BE(body.length, 0);
      header.writeUInt32BE(crc32(body), 4);
      const refused = refusal(() => {
        for (const { records } of readEntries(Buffer.concat([header, body])).entries) {
          const used = records.reduce(
            (sum, { key, value, traceparent = '' }) =>
              sum + 9 + Buffer.byteLength(key) + value.length + traceparent.length,
            8,
          );
          // A text that is no UTF-8 is read with replacement characters, which are longer.
          const texts = records.map(({ key, traceparent = '' }) => key + traceparent);
          if (texts.every((text) => !text.includes('\ufffd'))) strictEqual(used, body.length);
        }
      }, ['UNREADABLE_RECORD']);
      seen(refused ?? 'read');
    },
  }),
});

const views = [
  { items: new Map([['li_1', [1_790_000_000_000]]]), segments: [] },
  {
    items: new Map([
      ['li_ABCDEFGHJKMN', Array.from({ length: 50 }, (_, n) => n)],
      ['li_2', []],
    ]),
    segments: ['a', 'b'],
  },
].map((view) => encodeFrequencyView(view));

const frequencyView = fuzzTarget({
  name: 'frequency-view',
  about: "A person's view whose bytes were changed: a view of numbers and texts, or null.",
  shortRuns: 3_000,
  open: () => ({
    inputs: fc.oneof(
      mutatedBytes(views.map((bytes) => ({ bytes }))).map(({ bytes }) => bytes),
      mutatedBodies(views.map((bytes) => JSON.parse(Buffer.from(bytes).toString()) as unknown)),
    ),
    holds: (bytes, seen) => {
      const view = decodeFrequencyView(bytes);
      seen(view === null ? 'null' : 'a view');
      if (view === null) return;
      ok(
        [...view.items.values()].every((times) => times.every((time) => Number.isSafeInteger(time))),
        'a time is none',
      );
      ok(
        view.segments.every((segment) => typeof segment === 'string'),
        'a segment is no text',
      );
    },
  }),
});

const creativeStats = fuzzTarget({
  name: 'creative-stats-view',
  about: 'A view of counts whose bytes were changed: whole numbers from 0, never an exception into the click rates.',
  shortRuns: 1_500,
  open: () => ({
    inputs: fc.oneof(
      mutatedBytes([{ bytes: Buffer.from('{"impressions":1234,"clicks":5}') }]).map(({ bytes }) => bytes),
      mutatedBodies([{ impressions: 1234, clicks: 5 }]),
    ),
    holds: (value, seen) => {
      const { impressions, clicks } = sumCreativeStats([{ value }, null]);
      ok(Number.isSafeInteger(impressions) && impressions >= 0, `impressions ${impressions}`);
      ok(Number.isSafeInteger(clicks) && clicks >= 0, `clicks ${clicks}`);
      seen(impressions === 0 ? 'nothing' : 'counts');
    },
  }),
});

export const codecTargets = [avroRecords, wireFormat, bufferFrames, frameBodies, frequencyView, creativeStats];
