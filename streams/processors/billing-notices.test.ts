import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AdSelected, Entry, ExternalAd } from '../../domain/records.ts';
import { content, processAll, selectedFor } from '../../test/beacon-story.ts';
import type { SourceRecord } from '../runtime/processor.ts';
import { billingNotices } from './billing-notices.ts';

const graceMs = 60_000;
const lifeMs = 3_600_000;
const notices = () => billingNotices({ graceMs, lifeMs });
const billing = (index: number, lineItem: string) => content(index, { line_item_id: lineItem });

/** Selection `index`, of a bidder if `url` is not null. */
function chosen(index: number, url: string | null): SourceRecord {
  const of = billing(index, url === null ? 'li_own' : 'li_bidder');
  const external: Pick<ExternalAd, 'bidder_id' | 'billing_url'> = { bidder_id: 'bd_1', billing_url: url ?? '' };
  const { name, value } = selectedFor(null, of) as { name: 'AdSelected'; value: AdSelected };
  const record = { name, value: { ...value, external: url === null ? null : (external as ExternalAd) } };
  return { topic: 'selected', shard: 0, offset: index, key: 'k', record };
}

/** What a ledger booked of it, a minute after the selection. */
function booking(index: number, kind: string, change: { truth?: string; own?: boolean } = {}): SourceRecord {
  const { selection_id, line_item_id, selected_at } = billing(index, change.own === true ? 'li_own' : 'li_bidder');
  const entry: Partial<Entry> = { kind, selection_id, line_item_id, posted_at: selected_at + 60_000 };
  const value = { truth: change.truth ?? 'tentative', shard: 0, entry: entry as Entry };
  return { topic: 'journal', shard: 0, offset: index, key: 'k', record: { name: 'EntryBooked', value } };
}

function told(records: readonly SourceRecord[]): readonly string[] {
  return processAll(notices(), records).map((outcome) => {
    if (outcome.to !== 'notice') throw new Error('a notice was expected');
    expect(outcome.notice).toMatchObject({ kind: 'billing', bidderId: 'bd_1' });
    return outcome.notice.url;
  });
}

describe('The notice of a billed impression', () => {
  it('goes out when the tentative ledger books it as incurred, once, by the id of the selection', () => {
    const [selected, incurred] = [chosen(1, 'http://b/1'), booking(1, 'incur')];
    const outcomes = processAll(notices(), [selected, booking(1, 'draw'), incurred, incurred, selected]);
    const { selection_id, selected_at } = content(1);
    const notice = {
      id: `billing-${selection_id}`,
      kind: 'billing',
      url: 'http://b/1',
      bidderId: 'bd_1',
      expiresAt: selected_at + 60_000 + lifeMs,
    };
    // What is read again after a crash makes the same notice, which its id gives away.
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome)))).toEqual(
      new Set([JSON.stringify({ to: 'notice', notice })]),
    );
  });

  it.each([
    ['drawn', booking(1, 'draw')],
    ['released', booking(1, 'release')],
    ['absorbed, which is never billed', booking(1, 'absorb', { truth: 'final' })],
    ['certified', booking(1, 'certify', { truth: 'final' })],
  ])('does not go out for what was only %s', (_what, record) => {
    expect(told([chosen(1, 'http://b/1'), record])).toEqual([]);
  });

  it('has nobody to go to for an ad of the catalogue or a bid without burl', () => {
    expect(told([chosen(1, null), booking(1, 'incur', { own: true }), chosen(2, ''), booking(2, 'incur')])).toEqual([]);
  });

  it('goes out for the same selections however the two topics are read between each other', () => {
    const indexes = [0, 1, 2, 3, 4, 5];
    const expected = indexes.filter((index) => index % 2 === 0).map((index) => `http://b/${index}`);
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), (turns) => {
        const queues = [
          indexes.map((index) => chosen(index, index % 2 === 0 ? `http://b/${index}` : null)),
          indexes.map((index) => booking(index, 'incur', { own: index % 2 !== 0 })),
        ] as const;
        const order = turns.flatMap((first) => queues[first ? 0 : 1].splice(0, 1));
        expect(told([...order, ...queues.flat()]).toSorted()).toEqual(expected);
      }),
    );
  });

  it('forgets what can be billed no more', () => {
    const processor = billingNotices({ graceMs: 0, lifeMs });
    const state = processor.initial(0);
    for (let index = 0; index < 8_000; index += 1) {
      processor.process(state, chosen(index, 'http://b/x'));
      if (index % 2 === 0) processor.process(state, booking(index + 100_000, 'incur'));
      processor.process(state, booking(index, 'draw'));
    }
    expect(state.buyers.size).toBeLessThan(8_000);
  });
});
