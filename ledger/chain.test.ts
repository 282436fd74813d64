import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOfCut, EntryChain, genesis, type HashedEntry } from './chain.ts';

const entry: HashedEntry = {
  source_offset: 4_294_967_299,
  ordinal: 2,
  kind: 'certify',
  selection_id: '01a191d3-cfa0-7101-8101-010101010101',
  advertiser_id: 'adv_1',
  campaign_id: 'cmp_1',
  line_item_id: 'li_1',
  publisher_id: 'pub_1',
  debit_account: 'advertiser:unbilled',
  credit_account: 'publisher:payable',
  amount_micros: 1_750,
  currency: 'EUR',
  service_period: '2026-10',
  posting_period: '2026-11',
  posted_at: 1_793_451_600_000,
  selected_at: 1_793_448_000_000,
  reference: '',
};

const textFields = [
  'kind',
  'selection_id',
  'advertiser_id',
  'campaign_id',
  'line_item_id',
  'publisher_id',
  'debit_account',
  'credit_account',
  'currency',
  'service_period',
  'posting_period',
  'reference',
] as const;
const numberFields = ['source_offset', 'ordinal', 'amount_micros', 'posted_at', 'selected_at'] as const;

/** The canonical form by its description, as an auditor would write it. */
function described(stream: string, of: HashedEntry, before: Uint8Array): Buffer {
  const texts = [stream, ...textFields.map((field) => of[field])].map((text) => Buffer.from(text, 'utf8'));
  const lengths = texts.map((text) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(text.length);
    return bytes;
  });
  const numbers = numberFields.map((field) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(of[field]));
    return bytes;
  });
  return Buffer.concat([...lengths, ...numbers, before, ...texts]);
}

const anyEntry: fc.Arbitrary<HashedEntry> = fc
  .tuple(
    fc.array(fc.oneof(fc.string({ maxLength: 12 }), fc.string({ unit: 'binary', maxLength: 3_000 })), {
      minLength: textFields.length,
      maxLength: textFields.length,
    }),
    fc.array(fc.maxSafeNat(), { minLength: numberFields.length, maxLength: numberFields.length }),
  )
  .map(
    ([texts, numbers]) =>
      Object.fromEntries([
        ...textFields.map((field, index) => [field, texts[index]]),
        ...numberFields.map((field, index) => [field, numbers[index]]),
      ]) as unknown as HashedEntry,
  );

describe('the chain of entries', () => {
  it('hashes what its description says, for any texts and numbers', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(anyEntry, { minLength: 1, maxLength: 4 }), (stream, entries) => {
        const chain = new EntryChain(stream);
        let before = genesis;
        for (const one of entries) {
          expect(Buffer.from(chain.canonical(one)).equals(described(stream, one, before))).toBe(true);
          const linked = chain.link(one);
          expect(
            Buffer.from(linked).equals(
              createHash('sha256')
                .update(described(stream, one, before))
                .digest(),
            ),
          ).toBe(true);
          before = linked;
        }
        expect(chain.head).toEqual(before);
      }),
    );
  });

  it('gives the hash that it has always given', () => {
    const chain = new EntryChain('final-3');
    chain.link(entry);
    const linked = chain.link({ ...entry, ordinal: 3, reference: 'geprüft' });
    expect(Buffer.from(linked).toString('hex')).toBe(
      '763c0a6d95245c0183e4017b6246a230fbe7f6a14b7e9d1c41e669908e412459',
    );
  });

  it('tells entries apart whose texts only meet at another place', () => {
    const [a, b] = [new EntryChain('final-0'), new EntryChain('final-0')];
    const moved = { ...entry, advertiser_id: 'adv_1c', campaign_id: 'mp_1' };
    expect(a.link(entry)).not.toEqual(b.link(moved));
  });
});

describe('the digest of a cut', () => {
  const cuts = [
    { stream: 'final-0', next: { offset: 7, ordinal: 0 }, chainHead: genesis },
    { stream: 'final-1', next: { offset: 0, ordinal: 7 }, chainHead: genesis },
  ];

  it('depends on every stream, position and head, and not on the order in which they are given', () => {
    const digest = digestOfCut(cuts);
    expect(digestOfCut(cuts.toReversed())).toBe(digest);
    const [first, second] = cuts as [(typeof cuts)[0], (typeof cuts)[0]];
    const others = [
      [first],
      [{ ...first, stream: 'final-2' }, second],
      [{ ...first, next: { offset: 7, ordinal: 1 } }, second],
      [{ ...first, chainHead: new Uint8Array(32).fill(1) }, second],
    ];
    expect(new Set([digest, ...others.map(digestOfCut)]).size).toBe(5);
  });
});
