/**
 * Two serving workers against one: decisions a second on one port, closed loop. The generator needs a core too: with two cores in all, two workers can't be twice
 * as fast. `npm run bench:workers`.
 */
import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { runDecisionLoad } from './decision-load.ts';
import { requestOf, startDecisionServer } from './decision-server.ts';
import { trafficBodies } from './decision-traffic.ts';

const requests = trafficBodies({ lineItems: 0, requests: 5000, nowMs: 0, seed: 7 }).map(requestOf);

async function measure(workers: number): Promise<number> {
  const env = { SERVE_WORKERS: String(workers), OVERLOAD_TURN_MS: '60000' };
  const { server, folder } = await startDecisionServer({ lineItems: 10_000, env, nodes: workers });
  try {
    // Until each listens, and until the compiler has seen enough.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const load = { port: server.port, connections: 64, requests };
    await runDecisionLoad({ ...load, forMs: 6_000 });
    const { answered, elapsedMs } = await runDecisionLoad({ ...load, forMs: 6_000 });
    return (1000 * answered) / elapsedMs;
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const [one, two] = [await measure(1), await measure(2)];
console.log(`workers_cores: ${availableParallelism()}`);
console.log(`workers_one_per_s: ${one.toFixed(1)}`);
console.log(`workers_two_per_s: ${two.toFixed(1)}`);
console.log(`workers_two_of_one: ${(two / one).toFixed(3)}`);
