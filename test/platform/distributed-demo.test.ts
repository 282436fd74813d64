import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { engines } from '../../scripts/engines/engines.ts';
import { makeTemporaryFolder } from '../temporary-folder.ts';
import { end, type Running, runProgram } from './running-platform.ts';

const withinMs = 1_800_000;
const folder = makeTemporaryFolder();
let running: Running | null = null;

afterEach(async () => {
  if (running !== null) await end(running);
  running = null;
  folder.remove();
});

/** Why an engine can't be had here, or an empty text. With `ENGINES_REQUIRED=1` that is a failure. */
async function findMissing(): Promise<string> {
  const reasons = await Promise.all(
    engines.map(async (engine) => {
      const reason = await engine.prepare((line) => process.stderr.write(`${line}\n`));
      return reason === null ? [] : [`${engine.name}: ${reason}`];
    }),
  );
  const missing = reasons.flat().join('; ');
  if (missing !== '' && process.env['ENGINES_REQUIRED'] === '1') throw new Error(`engines are required: ${missing}`);
  if (missing !== '') process.stderr.write(`the distributed demo is skipped: ${missing}\n`);
  return missing;
}

const missing = await findMissing();

test.skipIf(missing !== '')(
  'On Kafka, a registry, Redis and EventStoreDB: nodes, owners of shards in a rebalance, the console and the broker are killed, and every truth tallies to the micro',
  async () => {
    const args = ['--engines', 'distributed', '--selections', '600', '--rate', '16', '--seed', 'test'];
    running = runProgram('apps/cli.ts', ['demo', '--data', join(folder.path, 'demo'), ...args], {});
    const code = await running.ended;
    const output = running.output();
    if (code !== 0) throw new Error(`the demo ended with ${code}:\n${output.slice(-8_000)}`);
    expect(output.split('\n').filter((line) => line.includes('✗'))).toEqual([]);
    for (const line of [
      /✓ account = tentative = final = report: to the micro/,
      /✓ lost acknowledged beacons: 0/,
      /✓ double charges: 0/,
      /✓ reconciliation tallies, unexplained 0: tallies: unexplained 0,/,
      /✓ replay digest equal: tallies/,
      /✓ kills: 5 of 5/,
      /✓ second owner killed during a rebalance: 1 of 1/,
      /✓ shards moved between owners: [0-9]+ changes, [1-9][0-9]* of them to another process/,
      /✓ double entries: 0 at a position booked before, 0 of one selection under two records, 0 gaps, 0 broken hashes in [1-9][0-9]+ entries of [1-9][0-9]+ appends to 8 streams/,
      /kill -9: serve-2 \(.*streams-1 \(.*streams-2 \(.*console \(.*kafka \(/,
    ]) {
      expect(output).toMatch(line);
    }
  },
  withinMs,
);
