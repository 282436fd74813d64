/**
 * `npm run bench [-- --quick]`: one `name: value` a line. Ratios are bare fastify's CPU time ÷ ours (all threads, as many bytes in and out, 128 connections,
 * alternating rounds, medians); nothing fails for being slow. `--quick` takes under 50 seconds.
 */
import { fileURLToPath } from 'node:url';
import { benchLedgerFold } from './ledger-fold.ts';
import { measureDecision } from './decision.ts';
import { measureAlone } from './own-process.ts';
import { measurePixel } from './pixel.ts';
import { measurePlatform } from './platform.ts';
import { benchReplay } from './replay.ts';

const quick = process.argv.includes('--quick');

function show(figures: object): void {
  for (const [name, value] of Object.entries(figures)) {
    console.log(`${name}: ${Number.isInteger(value) ? value : (value as number).toFixed(3)}`);
  }
}

const fold = quick ? { records: 100_000, rounds: 3 } : {};
show(benchLedgerFold(fold));
show(benchReplay(fold));
show(
  await measureDecision(
    quick
      ? { rounds: 2, roundMs: 800, warmMs: 2_500, otherSizes: [1_000, 100_000] }
      : { rounds: 5, roundMs: 2_000, warmMs: 6_000, otherSizes: [100, 1_000, 100_000] },
  ),
);
const stages = fileURLToPath(new URL('./decision-stages.ts', import.meta.url));
show(measureAlone<Record<string, number>>(stages, { lineItems: 10_000, requests: quick ? 5_000 : 40_000 }));
show(
  await measurePixel(
    quick ? { rounds: 2, requests: 5_000, roundMs: 1_200 } : { rounds: 5, requests: 15_000, roundMs: 4_000 },
  ),
);
show(await measurePlatform(quick ? { forMs: 1_500, idleMs: 1_000 } : { forMs: 5_000, idleMs: 3_000 }));
