import { execFile } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Platform, startPlatform } from '../apps/platform.ts';
import { type CountedAds, countedFormats, owedBy, publishCountedAds, storyOf, userAgent } from './counted-ads.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

const go = process.env['GO'] ?? '';
const slowMs = 300_000;
type Json = Readonly<Record<string, unknown>>;

/** What came of a request that was sent through the adapter. */
interface Asked {
  readonly status: number;
  readonly currency: string;
  readonly errors: readonly string[];
  readonly bids: readonly {
    readonly Bid: {
      readonly id: string;
      readonly impid: string;
      readonly price: number;
      readonly cid: string;
      readonly burl: string;
    };
    readonly BidType: string;
    readonly BidMeta: Json;
    readonly BidVideo: Json | null;
  }[];
}

const formats: Readonly<Record<string, Json>> = {
  banner: { banner: { format: [{ w: 300, h: 250 }] } },
  native: { native: { ver: '1.2', request: '{"ver":"1.2","assets":[{"id":7,"required":1,"title":{"len":90}}]}' } },
  video: { video: { mimes: ['video/webm'], protocols: [2, 3, 7, 8], w: 640, h: 360, maxduration: 30 } },
};

const pathOf = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));

describe.skipIf(go === '')('The adapter for Prebid Server (skipped unless GO names the go tool)', () => {
  const folder = makeTemporaryFolder();
  const tree = join(folder.path, 'tree');
  const program = join(folder.path, 'ask');
  let platform: Platform;
  let ads: CountedAds;

  beforeAll(async () => {
    // As the folders lie in Prebid Server's tree, with declarations of its names in the place of its code.
    cpSync(pathOf('test/prebid-server/declared'), tree, { recursive: true });
    cpSync(pathOf('integrations/prebid-server/adapters'), join(tree, 'adapters'), { recursive: true });
    cpSync(pathOf('integrations/prebid-server/bidder-params'), join(tree, 'static/bidder-params'), { recursive: true });
    await run(['build', '-o', program, './cmd/ask']);
    const { PATH = '', HOME = '' } = process.env;
    const env = { PATH, HOME, DATA_DIR: join(folder.path, 'data'), SERVE_PORT: '0', CONSOLE_PORT: '0', HOLD_MS: '6s' };
    platform = await startPlatform({ env, onLine: () => {}, onRestart: () => {} });
    ads = await publishCountedAds(platform);
  }, slowMs);

  afterAll(async () => {
    await platform?.stop();
    folder.remove();
  }, slowMs);

  /** Runs the go tool, which needs nothing from outside; what it printed. Rejects with that if it failed. */
  function run(args: readonly string[]): Promise<string> {
    const env = { ...process.env, GOPROXY: 'off', GOTOOLCHAIN: 'local', GOWORK: 'off', GOFLAGS: '-p=1' };
    return new Promise((resolve, reject) => {
      execFile(go, args, { cwd: tree, env }, (error, stdout, stderr) =>
        error === null ? resolve(stdout) : reject(new Error(`${stdout}${stderr}`, { cause: error })),
      );
    });
  }

  function ask(imps: readonly Json[]): Promise<Asked> {
    const request = {
      id: `request-${JSON.stringify(imps).length}`,
      imp: imps,
      site: { domain: 'news.example', page: 'https://news.example/a', publisher: { id: ads.publisherId } },
      device: { ua: userAgent, ip: '203.0.113.7' },
      regs: { gdpr: 0 },
      cur: ['EUR'],
      at: 1,
      // The first request of a busy machine takes its time.
      tmax: 5_000,
      ext: { prebid: { server: { externalurl: 'https://pbs.example', gvlid: 1, datacenter: '1' } } },
    };
    return new Promise((resolve, reject) => {
      const child = execFile(program, (error, stdout, stderr) =>
        error === null ? resolve(JSON.parse(stdout) as Asked) : reject(new Error(stderr, { cause: error })),
      );
      child.stdin?.end(JSON.stringify({ endpoint: `${platform.serveUrl}/openrtb2/auction`, request }));
    });
  }

  const impOf = (format: string, placement: string): Json => ({
    id: format,
    ...formats[format],
    ext: { bidder: { placement }, prebid: {} },
  });

  test('passes its own cases', { timeout: slowMs }, async () => {
    expect(await run(['vet', './adapters/...'])).toBe('');
    expect(await run(['test', './adapters/adtally'])).toMatch(/^ok/);
  });

  test('brings home bids of every type, and the final ledger has once what was shown', {
    timeout: slowMs,
  }, async () => {
    const { status, currency, errors, bids } = await ask(
      countedFormats.map((format) => impOf(format, ads.placements[format])),
    );
    expect({ status, currency, errors }).toEqual({ status: 200, currency: 'EUR', errors: [] });
    expect(bids.map(({ Bid, BidType }) => `${Bid.impid} ${BidType} ${Bid.price}`).toSorted()).toEqual([
      'banner banner 2',
      'native native 2.111',
      'video video 2.222',
    ]);
    for (const { BidType, BidMeta } of bids) {
      expect(BidMeta).toEqual({ advertiserDomains: ['advertiser.example'], mediaType: BidType });
    }
    expect(bids.find(({ BidType }) => BidType === 'video')?.BidVideo).toMatchObject({ duration: 4 });

    // Two are shown, one of these is reported twice; the video is not played.
    const [banner, native] = ['banner', 'native'].map((format) => bids.find(({ BidType }) => BidType === format)?.Bid);
    for (const burl of [banner?.burl, banner?.burl, native?.burl]) {
      const answer = await fetch(burl ?? '', { headers: { 'user-agent': 'Go-http-client/1.1' } });
      expect(answer.ok).toBe(true);
    }
    const certified = async () => {
      const stories = await Promise.all([banner, native].map((bid) => storyOf(platform, bid?.id ?? '')));
      return stories.map(({ amounts }) => amounts['certified_micros']);
    };
    await expect.poll(certified, { timeout: 60_000, interval: 500 }).toEqual(['2000', '2111']);
    const campaigns = bids.map(({ Bid }) => Bid.cid);
    await expect.poll(() => owedBy(platform, campaigns), { timeout: 60_000, interval: 500 }).toBe(4_111n);
  });

  test('has no bid and no error where Adtally says why there is none', { timeout: slowMs }, async () => {
    const told = await ask([impOf('banner', 'pl_unknown')]);
    expect(told).toEqual({ status: 200, currency: '', bids: [], errors: [] });
  });

  test('calls a request that Adtally refuses the input’s fault', { timeout: slowMs }, async () => {
    const { status, bids, errors } = await ask([{ id: 'nothing', ext: { bidder: { placement: 'pl_1' } } }]);
    expect({ status, bids }).toEqual({ status: 400, bids: [] });
    expect(errors).toEqual([expect.stringMatching(/^\*errortypes\.BadInput: /)]);
  });
});
