import fc from 'fast-check';

/** One change of a byte string; numbers are taken modulo what there is. */
interface ByteChange {
  readonly how: 'flip' | 'set' | 'insert' | 'remove' | 'repeat' | 'cut' | 'swap';
  readonly at: number;
  readonly length: number;
  readonly value: number;
}

const byteChange: fc.Arbitrary<ByteChange> = fc.record({
  how: fc.constantFrom('flip', 'flip', 'flip', 'set', 'insert', 'remove', 'repeat', 'cut', 'swap'),
  at: fc.noBias(fc.nat(100_000)),
  length: fc.integer({ min: 1, max: 16 }),
  value: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xfe, 0xff), fc.nat(255)),
});

function changeBytes(bytes: Buffer, { how, at, length, value }: ByteChange): Buffer {
  const place = bytes.length === 0 ? 0 : at % bytes.length;
  const [before, piece, after] = [
    bytes.subarray(0, place),
    bytes.subarray(place, place + length),
    bytes.subarray(place + length),
  ];
  switch (how) {
    case 'flip':
      return Buffer.concat([
        before,
        piece.map((byte, index) => (index === 0 ? byte ^ (1 << (value & 7)) : byte)),
        after,
      ]);
    case 'set':
      return Buffer.concat([before, Buffer.alloc(piece.length, value), after]);
    case 'insert':
      return Buffer.concat([before, Buffer.alloc(length, value), piece, after]);
    case 'remove':
      return Buffer.concat([before, after]);
    case 'repeat':
      return Buffer.concat([before, piece, piece, after]);
    case 'cut':
      return before;
    case 'swap':
      return Buffer.concat([after, piece, before]);
    default:
      return how satisfies never;
  }
}

/** One of the originals with one to four changes; it may by chance be as it was. */
export function mutatedBytes<T extends { readonly bytes: Uint8Array }>(
  originals: readonly T[],
): fc.Arbitrary<{ readonly original: T; readonly bytes: Buffer }> {
  return fc
    .record({
      original: fc.constantFrom(...originals),
      changes: fc.oneof(
        fc.array(byteChange, { minLength: 1, maxLength: 1 }),
        fc.array(byteChange, { minLength: 2, maxLength: 4 }),
      ),
    })
    .map(({ original, changes }) => ({ original, bytes: changes.reduce(changeBytes, Buffer.from(original.bytes)) }));
}

/** Texts that have broken programs before. */
export const oddTexts: readonly string[] = [
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\u202e\ufeff',
  '😀'.repeat(20),
  'ß\u0130\u212a',
  '__proto__',
  'constructor',
  'toString',
  "' OR 1=1 --",
  '"; DROP TABLE x; --',
  '../../../../etc/passwd',
  '%00%2e%2e%2f',
  '\r\nSet-Cookie: a=b\r\n\r\n',
  '<script>alert(1)</script>',
  '${7*7}{{7*7}}{click_url}{selection_id}',
  'javascript:alert(1)',
  'http://169.254.169.254/latest/meta-data/',
  'http://[::1]:8090/v1/advertisers',
  '=HYPERLINK("http://x")',
  '0x1F',
  '1e309',
  '-0',
  'NaN',
  '9007199254740993',
  '99999999999999999999999',
  '2026-02-30T25:61:61Z',
  '+275760-09-13T00:00:00.001Z',
  'a'.repeat(5_000),
  'é'.repeat(130),
  `${'a'.repeat(4_000)}!`,
  ' '.repeat(3_000),
];

const oddNumbers: readonly number[] = [
  0,
  -0,
  -1,
  1,
  0.5,
  1e-9,
  255,
  65_536,
  2 ** 31,
  2 ** 53,
  -(2 ** 53),
  9e15,
  9.1e15,
  1e308,
];

const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(...oddTexts),
  fc.constantFrom<unknown>(...oddNumbers),
  fc.constantFrom<unknown>(null, true, false, [], {}, [[]], [null], { '': '' }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.nat(300).map((deep) => nested(deep)),
  fc.nat(1_200).map((length) => Array.from({ length }, (_, index) => String(index))),
);

function nested(deep: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < deep; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

interface JsonChange {
  readonly how: 'replace' | 'remove' | 'add' | 'rename' | 'wrap' | 'repeat' | 'text' | 'number' | 'move';
  readonly at: number;
  readonly other: number;
  readonly value: unknown;
}

const jsonChange: fc.Arbitrary<JsonChange> = fc.record({
  how: fc.constantFrom('replace', 'replace', 'remove', 'add', 'rename', 'wrap', 'repeat', 'text', 'number', 'move'),
  at: fc.noBias(fc.nat(10_000)),
  other: fc.noBias(fc.nat(10_000)),
  value: oddValue,
});

type Holder = Record<string, unknown> | unknown[];

/** A place in a JSON value: what holds it, and under which key. */
interface Place {
  readonly holder: Holder;
  readonly key: string;
}

function placesOf(value: unknown, places: Place[] = []): Place[] {
  if (typeof value !== 'object' || value === null || places.length > 5_000) return places;
  for (const key of Object.keys(value)) {
    places.push({ holder: value as Holder, key });
    placesOf((value as Record<string, unknown>)[key], places);
  }
  return places;
}

function read({ holder, key }: Place): unknown {
  return (holder as Record<string, unknown>)[key];
}

function write({ holder, key }: Place, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

function remove({ holder, key }: Place): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
}

function changeJson(root: { body: unknown }, change: JsonChange): void {
  const places = placesOf(root);
  const place = places[change.at % places.length];
  if (place === undefined) return;
  const value = read(place);
  switch (change.how) {
    case 'replace':
      return write(place, structuredClone(change.value));
    case 'remove':
      return place.key === 'body' ? undefined : remove(place);
    case 'add':
      if (typeof value === 'object' && value !== null) {
        const key = Array.isArray(value) ? String(value.length) : textOf(change.value).slice(0, 60);
        write({ holder: value as Holder, key }, structuredClone(change.value));
      }
      return;
    case 'rename':
      if (place.key === 'body' || Array.isArray(place.holder)) return;
      remove(place);
      return write({ holder: place.holder, key: oddTexts[change.other % oddTexts.length] ?? '' }, value);
    case 'wrap':
      return write(place, change.other % 2 === 0 ? [value] : { value });
    case 'repeat':
      return Array.isArray(value)
        ? write(
            place,
            Array.from({ length: 1 + (change.other % 300) }, () => value)
              .flat()
              .slice(0, 2_000),
          )
        : undefined;
    case 'text':
      return typeof value === 'string' ? write(place, changedText(value, change)) : undefined;
    case 'number':
      return typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value))
        ? write(place, changedNumber(value, change))
        : undefined;
    case 'move':
      return write(place, structuredClone(read(places[change.other % places.length] as Place)));
    default:
      return change.how satisfies never;
  }
}

function changedText(text: string, { at, other, value }: JsonChange): string {
  const place = other % (text.length + 1);
  const piece = typeof value === 'string' ? value : (oddTexts[at % oddTexts.length] ?? '');
  return [
    text.slice(0, place) + piece + text.slice(place),
    text.slice(0, place),
    text.repeat(1 + (at % 40)).slice(0, 9_000),
  ][other % 3] as string;
}

/** Any value as a text: an object may have no `toString` of its own. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** Numbers stay numbers and decimal texts stay texts, mostly. */
function changedNumber(value: unknown, { other }: JsonChange): unknown {
  const number = Number(value);
  const changed = [-number, number + 1, number * 1e6, number / 3, Number.MAX_SAFE_INTEGER, number + 2 ** 40][
    other % 6
  ] as number;
  return typeof value === 'string' && other % 7 !== 0 ? String(changed) : changed;
}

/** One of the originals, a JSON value, with one to four changes in its structure; they are left as they are. */
export function mutatedJson(originals: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc
    .record({
      original: fc.nat(originals.length - 1),
      changes: fc.array(jsonChange, { minLength: 1, maxLength: 4 }),
    })
    .map(({ original, changes }) => {
      const root = { body: structuredClone(originals[original]) };
      for (const change of changes) changeJson(root, change);
      return root.body;
    });
}

/** Bodies as they are sent: mostly JSON of a changed structure, now and then JSON whose bytes were changed. */
export function mutatedBodies(originals: readonly unknown[]): fc.Arbitrary<Buffer> {
  const asBytes = (value: unknown) => Buffer.from(JSON.stringify(value) ?? '');
  const written = originals.map((value) => ({ bytes: asBytes(value) }));
  return fc.oneof(
    { weight: 6, arbitrary: mutatedJson(originals).map(asBytes) },
    { weight: 1, arbitrary: mutatedBytes(written).map(({ bytes }) => bytes) },
    { weight: 1, arbitrary: fc.constantFrom(...rawBodies) },
  );
}

/** Bodies that no serializer writes. */
const rawBodies: readonly Buffer[] = [
  '',
  'null',
  '[]',
  '"x"',
  '{',
  '{"__proto__":{"admin":true}}',
  '{"constructor":{"prototype":{"admin":true}}}',
  '{"a":1,"a":2}',
  '[1e999]',
  '{"a":-}',
  `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
  `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
  '\ufeff{}',
]
  .map((text) => Buffer.from(text))
  .concat([Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), Buffer.alloc(70_000, 0x20), Buffer.from('1f8b080000', 'hex')]);
