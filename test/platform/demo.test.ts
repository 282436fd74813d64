import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { makeTemporaryFolder } from '../temporary-folder.ts';
import { end, type Running, runProgram } from './running-platform.ts';

const corpus = process.env['OPENRTB_CORPUS'];
const withinMs = 1_800_000;
let running: Running | null = null;

const folder = makeTemporaryFolder();

afterEach(async () => {
  if (running !== null) await end(running);
  running = null;
  folder.remove();
});

/** Runs a demo to its end and gives what it printed. A line with a cross is a check that failed. */
async function demo(args: readonly string[]): Promise<string> {
  running = runProgram('apps/cli.ts', ['demo', '--data', join(folder.path, 'demo'), ...args], {});
  const code = await running.ended;
  const output = running.output();
  if (code !== 0) throw new Error(`the demo ended with ${code}:\n${output.slice(-6_000)}`);
  expect(output.split('\n').filter((line) => line.includes('✗'))).toEqual([]);
  return output;
}

test(
  'A run with every misbehaviour and a kill -9 of each process tallies to the micro in every truth, twice over by recount and by replay',
  async () => {
    const output = await demo(['--selections', '1500', '--seed', 'test']);
    for (const name of [
      'account = tentative = final = report',
      'lost acknowledged beacons',
      'double charges',
      'verdicts not carried out once and whole',
      'reconciliation tallies, unexplained 0',
      'replay digest equal',
      'selections decided again are the same',
      'kills',
    ]) {
      expect(output).toContain(`✓ ${name}`);
    }
    const [, precision = ''] = /precision ([0-9.]+) of the charged selections/.exec(output) ?? [];
    // on a machine that stands still for half a second, some of these hundred may be persons who seem to have been too fast
    expect(Number(precision)).toBeGreaterThanOrEqual(0.9);
  },
  withinMs,
);

test(
  'Bidders of outside demand buy as well, some of them lying or dead: what they win tallies like everything else, and they were billed for exactly what the ledger booked',
  async () => {
    const output = await demo(['--selections', '800', '--rate', '60', '--seed', 'bidders', '--bidders', '8']);
    for (const name of [
      'account = tentative = final = report',
      'selections won by bidders',
      'billing notices = tentative ledger',
      'wins that bidders were told of',
      'notices of bids that nobody made',
      'reconciliation tallies, unexplained 0',
      'replay digest equal',
      'selections decided again are the same',
    ]) {
      expect(output).toContain(`✓ ${name}`);
    }
  },
  withinMs,
);

test.skipIf(corpus === undefined)(
  'The same on real bid requests, each used a hundred times, with contexts recorded as their sources say (needs OPENRTB_CORPUS: a folder with valid/*.json)',
  async () => {
    const output = await demo(['--selections', '1500', '--seed', 'corpus', '--requests', corpus ?? '']);
    expect(output).toContain('✓ uses of each bid request');
    expect(output).toContain('✓ recorded context = source');
  },
  withinMs,
);
