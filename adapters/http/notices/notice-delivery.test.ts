import { describe, expect, it } from 'vitest';
import type { BidderNotice } from '../../../ports/bidder-connection.ts';
import { createSimulatedClock } from '../../simulated/clock.ts';
import { createSimulatedDisk } from '../../simulated/disk.ts';
import { createSeededRandom } from '../../simulated/random.ts';
import { type NoticeAnswer, type NoticeDelivery, openNoticeDelivery } from './notice-delivery.ts';

/** A bidder of notices and the machine that notifies it. `answers` by URL; 200 otherwise. */
function makeWorld({ queueLimit = 1_000 }: { readonly queueLimit?: number } = {}) {
  const clock = createSimulatedClock();
  const random = createSeededRandom(7);
  const disk = createSimulatedDisk({ random });
  const asked: string[] = [];
  const answers = new Map<string, () => NoticeAnswer | Promise<NoticeAnswer>>();
  const failures: unknown[] = [];
  const transport = {
    get: async (url: string) => {
      asked.push(url);
      return (await answers.get(url)?.()) ?? { status: 200 };
    },
    close: async () => {},
  };
  const open = (): Promise<NoticeDelivery> => {
    const failed = (error: unknown) => void failures.push(error);
    return openNoticeDelivery({ clock, random, disk, transport, folder: '/notices/node-1', failed, queueLimit });
  };
  const notice = (id: string, changes: Partial<BidderNotice> = {}): BidderNotice => ({
    id,
    kind: 'win',
    url: `http://bidder.test/${id}`,
    bidderId: 'bd_1',
    expiresAt: clock.now() + 600_000,
    ...changes,
  });
  const counted = (notices: NoticeDelivery) =>
    Object.fromEntries(notices.counts().map(({ kind, outcome, count }) => [`${kind} ${outcome}`, count]));
  return { clock, disk, asked, answers, failures, open, notice, counted };
}

describe('A notice', () => {
  it('is sent once, however often it is handed over, also after a restart', async () => {
    const { clock, asked, open, notice, counted } = makeWorld();
    const notices = await open();
    for (let turn = 0; turn < 3; turn += 1) notices.send(notice('a'));
    await clock.advance(1_000);
    await notices.close();
    const again = await open();
    again.send(notice('a'));
    await clock.advance(1_000);
    expect(asked).toEqual(['http://bidder.test/a']);
    expect(counted(notices)).toEqual({ 'win delivered': 1, 'win repeated': 2 });
    expect(counted(again)).toEqual({ 'win repeated': 1 });
  });

  it.each<[string, NoticeAnswer]>([
    ['an error', { status: 500 }],
    ['a redirect', { status: 302 }],
    ['202, which says nothing', { status: 202 }],
    ['no connection', { failure: 'failed', detail: '' }],
  ])('is tried again after %s, with longer and longer pauses', async (_what, answer) => {
    const { clock, asked, answers, open, notice, counted } = makeWorld();
    const at: number[] = [];
    answers.set('http://bidder.test/a', () => {
      at.push(clock.now());
      return at.length <= 4 ? answer : { status: 204 };
    });
    const notices = await open();
    notices.send(notice('a'));
    await clock.advance(60_000);
    expect(asked).toHaveLength(5);
    expect(counted(notices)).toEqual({ 'win failed': 4, 'win delivered': 1 });
    const pauses = at.slice(1).map((time, index) => time - (at[index] as number));
    for (const [index, pauseMs] of pauses.entries()) {
      expect(pauseMs).toBeGreaterThanOrEqual(250 * 2 ** index - 1);
      expect(pauseMs).toBeLessThanOrEqual(500 * 2 ** index + 1);
    }
  });

  it('that nobody takes expires, and none is sent after its life', async () => {
    const { clock, asked, answers, open, notice, counted } = makeWorld();
    answers.set('http://bidder.test/a', () => ({ status: 500 }));
    const notices = await open();
    notices.send(notice('a', { expiresAt: clock.now() + 5_000 }));
    notices.send(notice('b', { expiresAt: clock.now() }));
    await clock.advance(5_000);
    const tries = asked.length;
    await clock.advance(120_000);
    expect([asked.length, notices.waiting(), asked.includes('http://bidder.test/b')]).toEqual([tries, 0, false]);
    expect(counted(notices)).toMatchObject({ 'win expired': 2 });
  });

  it('to an address of the inside is not tried again', async () => {
    const { clock, asked, answers, open, notice, counted } = makeWorld();
    answers.set('http://bidder.test/a', () => ({ failure: 'address_refused', detail: '' }));
    const notices = await open();
    notices.send(notice('a'));
    await clock.advance(60_000);
    expect([asked.length, counted(notices)]).toEqual([1, { 'win refused': 1 }]);
  });

  it('that was kept and not delivered is delivered by the next life, after a loss of power too', async () => {
    const { clock, disk, asked, answers, open, notice } = makeWorld();
    answers.set('http://bidder.test/a', () => new Promise(() => {}));
    const notices = await open();
    notices.send(notice('a'));
    await notices.kept();
    disk.crash();
    answers.clear();
    const again = await open();
    await clock.advance(1_000);
    expect(asked).toEqual(['http://bidder.test/a', 'http://bidder.test/a']);
    expect(again.waiting()).toBe(0);
  });

  it('is not kept if the disk fails, and whoever waits for that hears of it', async () => {
    const { disk, failures, open, notice } = makeWorld();
    const notices = await open();
    disk.failNextSync();
    notices.send(notice('a'));
    await expect(notices.kept()).rejects.toMatchObject({ code: 'DISK_SYNC_FAILED' });
    expect(failures).toHaveLength(1);
  });
});

describe('Notices of many', () => {
  it('wait for a bidder in a bounded number, and hold up no other bidder', async () => {
    const { clock, asked, answers, open, notice, counted } = makeWorld({ queueLimit: 10 });
    for (let index = 0; index < 12; index += 1)
      answers.set(`http://bidder.test/s${index}`, () => new Promise(() => {}));
    const notices = await open();
    for (let index = 0; index < 12; index += 1) notices.send(notice(`s${index}`, { bidderId: 'bd_slow' }));
    for (let index = 0; index < 8; index += 1) notices.send(notice(`f${index}`, { kind: 'loss' }));
    await clock.advance(100);
    expect(asked.filter((url) => url.includes('/s'))).toHaveLength(4);
    expect(counted(notices)).toEqual({ 'win dropped': 2, 'loss delivered': 8 });
  });

  it('are forgotten with their life: the file does not grow for ever', async () => {
    const { clock, disk, open, notice } = makeWorld();
    const notices = await open();
    for (let index = 0; index < 500; index += 1) notices.send(notice(`n${index}`));
    await clock.advance(1_000);
    await notices.close();
    await clock.advance(600_000);
    await (await open()).close();
    expect((await disk.read('/notices/node-1/notices.jsonl')).length).toBe(0);
  });
});
