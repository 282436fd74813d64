/**
 * CPU time of all processes of the platform (supervisor excluded) for a decision with its impression, from request to both ledgers and reporting: what
 * idling costs is measured before and taken off. Shows work that was moved from serve to a neighbour.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Platform, startPlatform } from '../apps/platform.ts';
import { publishDemo } from '../apps/publish-demo.ts';

const browser = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36';
/** Linux counts CPU time in hundredths of a second. */
const usPerTick = 10_000;
/** After the load, what reporting and the ledgers still have to do. */
const settleMs = 3_000;
const concurrency = 32;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** User and system time of a process and all its threads so far, µs. */
function cpuUs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * usPerTick;
}

function platformCpuUs({ supervisor }: Platform): number {
  return [...supervisor.pids().values()].reduce((sum, pid) => sum + cpuUs(pid), 0);
}

interface Answer {
  readonly decisions: readonly { readonly beacons: { readonly impression: string } }[];
}

/** Asks for an ad and sends its impression; true if there was an ad. */
async function visit(serveUrl: string, body: string): Promise<boolean> {
  const headers = { 'content-type': 'application/json', 'user-agent': browser };
  const answer = (await (await fetch(`${serveUrl}/v1/decisions`, { method: 'POST', headers, body })).json()) as Answer;
  for (const { beacons } of answer.decisions) await fetch(beacons.impression, { headers });
  return answer.decisions.length > 0;
}

async function load({ serveUrl, client }: Platform, forMs: number): Promise<{ answered: number; filled: number }> {
  const { items } = await client.get<{ items: readonly { readonly placement_id: string }[] }>('/v1/placements');
  const bodies = items.map(({ placement_id }) => JSON.stringify({ slots: [{ id: 's', placement_id }] }));
  const until = Date.now() + forMs;
  let [answered, filled] = [0, 0];
  const visitor = async (number: number): Promise<void> => {
    for (let turn = number; Date.now() < until; turn += 1) {
      if (await visit(serveUrl, bodies[turn % bodies.length] as string)) filled += 1;
      answered += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, number) => visitor(number)));
  return { answered, filled };
}

/** What idling costs, µs of CPU a ms. */
async function measureIdle(platform: Platform, forMs: number): Promise<number> {
  const [fromUs, startedAt] = [platformCpuUs(platform), Date.now()];
  await pause(forMs);
  return (platformCpuUs(platform) - fromUs) / (Date.now() - startedAt);
}

/** Starts the platform on a folder of its own, loads it, and resolves with the figures by their names. */
export async function measurePlatform({
  forMs,
  idleMs,
}: {
  readonly forMs: number;
  readonly idleMs: number;
}): Promise<Readonly<Record<string, number>>> {
  const folder = mkdtempSync(join(tmpdir(), 'adtally-platform-'));
  const env = { ...process.env, DATA_DIR: folder, SERVE_PORT: '0', CONSOLE_PORT: '0', HOLD_MS: '1s' };
  const platform = await startPlatform({ env, onLine: () => undefined, onRestart: () => undefined });
  try {
    await publishDemo(platform);
    await load(platform, 1_000);
    await pause(settleMs);
    const idleBefore = await measureIdle(platform, idleMs);
    const [fromUs, startedAt] = [platformCpuUs(platform), Date.now()];
    const { answered, filled } = await load(platform, forMs);
    await pause(settleMs);
    const [usedUs, elapsedMs] = [platformCpuUs(platform) - fromUs, Date.now() - startedAt];
    // The lower of the two: what still settles is no idling.
    const idleUsPerMs = Math.min(idleBefore, await measureIdle(platform, idleMs));
    const busyUs = usedUs - idleUsPerMs * elapsedMs;
    return {
      platform_cpu_us_per_decision: busyUs / answered,
      platform_idle_cpu_percent: idleUsPerMs / 10,
      platform_fill_rate: filled / answered,
    };
  } finally {
    await platform.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  for (const [name, value] of Object.entries(await measurePlatform({ forMs: 5_000, idleMs: 3_000 }))) {
    console.log(`${name}: ${value.toFixed(3)}`);
  }
}
