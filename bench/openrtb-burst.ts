/**
 * Header bidding bursts: page loads of 12 placements and 30 imps, each one bid request, sent open-loop and timed from when each was due. Prints latency, answers
 * by status, bids, and CPU time by request and by imp; then the same with every request sent twice, as a page does that does not wait.
 * `--rate 20 --seconds 10`.
 */
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startDecisionServer, untilDrained } from './decision-server.ts';
import type { MeasuredServer } from './measured-server.ts';
import { runOpenLoop, type TaggedRequest } from './open-loop.ts';

const imps = 30;
const placements = 12;
const connections = 64;
const sizes = [
  [300, 250],
  [728, 90],
  [160, 600],
  [320, 50],
  [970, 250],
  [300, 600],
] as const;
const agent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36';

function imp(page: number, index: number): object {
  const placement = (page * placements + (index % placements)) % 200;
  const [w, h] = sizes[index % sizes.length] as readonly [number, number];
  const others = sizes.slice(0, 3).map(([width, height]) => ({ w: width, h: height }));
  return {
    id: `imp-${index}`,
    banner: { w, h, format: [{ w, h }, ...others] },
    ext: { prebid: { bidder: { adtally: { placement: `pl_${placement}` } } } },
  };
}

/** One page load, as Prebid.js sends it. */
function pageLoad(page: number, run: string): Buffer {
  const body = JSON.stringify({
    id: `${run}-${page}`,
    imp: Array.from({ length: imps }, (_, index) => imp(page, index)),
    site: { page: `https://news.example/${page}`, cat: ['IAB12'] },
    device: { ua: agent, ip: '203.0.113.7', language: 'en', devicetype: 2, geo: { country: 'DEU' } },
    regs: { gdpr: 1 },
    tmax: 500,
    cur: ['EUR'],
    ext: { prebid: { targeting: {} } },
  });
  const head = `POST /openrtb2/auction HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return Buffer.from(head + body);
}

interface Phase {
  readonly name: string;
  readonly perSecond: number;
  readonly forMs: number;
  readonly requests: readonly TaggedRequest[];
}

async function measure(server: MeasuredServer, { name, perSecond, forMs, requests }: Phase): Promise<void> {
  const before = await server.cpuUs();
  const { byTag } = await runOpenLoop({ port: server.port, connections, requests, perSecond, forMs });
  await untilDrained(server.port);
  const cpuUs = (await server.cpuUs()) - before;
  const { offered = 0, statuses = new Map<number, number>(), latenciesMs = [] } = byTag.get('page') ?? {};
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2);
  console.log(`${name}_requests_per_s: ${perSecond}`);
  console.log(`${name}_imps_per_s: ${perSecond * imps}`);
  console.log(`${name}_offered: ${offered}`);
  for (const [status, count] of statuses) console.log(`${name}_status_${status}: ${count}`);
  for (const [label, share] of [
    ['p50', 0.5],
    ['p95', 0.95],
    ['p99', 0.99],
  ] as const) {
    console.log(`${name}_${label}_ms: ${at(share)}`);
  }
  console.log(`${name}_cpu_us_per_request: ${(cpuUs / offered).toFixed(0)}`);
  console.log(`${name}_cpu_us_per_imp: ${(cpuUs / offered / imps).toFixed(1)}`);
}

async function bidsOf(port: number, page: number): Promise<number> {
  const [, body = ''] = pageLoad(page, 'look').toString().split('\r\n\r\n');
  const answer = await fetch(`http://127.0.0.1:${port}/openrtb2/auction`, { method: 'POST', body });
  const { seatbid = [] } = (await answer.json()) as { seatbid?: { bid: unknown[] }[] };
  return seatbid.reduce((sum, { bid }) => sum + bid.length, 0);
}

const { values } = parseArgs({
  options: { rate: { type: 'string', default: '20' }, seconds: { type: 'string', default: '10' } },
});
const [perSecond, forMs] = [Number(values.rate), Number(values.seconds) * 1000];
const { server, folder } = await startDecisionServer({ lineItems: 10_000 });
try {
  const pages = Math.ceil((perSecond * forMs) / 1000) + 1;
  const pageLoads = (run: string): TaggedRequest[] =>
    Array.from({ length: pages }, (_, page) => ({ bytes: pageLoad(page, run), tag: 'page' }));
  const warm = { name: 'warm', perSecond, forMs: Math.min(forMs, 4000), requests: pageLoads('warm') };
  await measure(server, warm);
  console.log(`bids_of_a_page: ${await bidsOf(server.port, 1)}`);
  await measure(server, { name: 'once', perSecond, forMs, requests: pageLoads('once') });
  const twice = pageLoads('twice').flatMap((one) => [one, one]);
  await measure(server, { name: 'twice', perSecond: 2 * perSecond, forMs, requests: twice });
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
