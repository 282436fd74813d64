/**
 * Runs the simulator.
 *
 *   npm run sim -- --runs 300 --seed 1 [--resume FILE]   so many runs from a seed on; with a file, a campaign that can be gone on with
 *   npm run sim -- --runs 300 --seed 1 --jobs 2          the same in two processes, without a file
 *   npm run sim -- --seed 7 --story                      one run, told in full
 *
 * Exit 1 if a run fails: its seed is printed, the run is made smaller as long as it fails, and the story of what went wrong first is told.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { addCampaign, addRun, readCampaign, saveCampaign, summary } from './campaign.ts';
import { planOf } from './plan.ts';
import { shrink } from './shrink.ts';
import { type RunResult, simulate } from './simulate.ts';

const saveEvery = 20;
const sayEveryMs = 5_000;
/** So many failing runs are told; the rest are counted. */
const toldFailures = 3;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What happened to the world, and what concerns the selection that the first problem names. */
function storyOf({ lines, problems, entriesOf }: RunResult): readonly string[] {
  const [selectionId] = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{22}/.exec(problems[0] ?? '') ?? [];
  const isOfOther = (line: string) => / (selects|takes|refuses|acknowledges) /.test(line);
  const told = lines.filter((line) => !isOfOther(line) || (selectionId !== undefined && line.includes(selectionId)));
  return [...told, ...(selectionId === undefined ? [] : entriesOf(selectionId))];
}

async function tellFailure(failed: RunResult): Promise<void> {
  say(`\nseed ${failed.plan.seed} fails:\n  ${failed.problems.slice(0, 5).join('\n  ')}`);
  const smallest = await shrink(failed);
  say(`smallest plan that fails so: ${JSON.stringify(smallest.plan)}`);
  say(`its story:\n  ${storyOf(smallest).join('\n  ')}`);
  say(`again: npm run sim -- --seed ${failed.plan.seed} --story`);
}

async function tell(seed: number): Promise<void> {
  const result = await simulate(planOf(seed));
  say(`${JSON.stringify(result.plan)}\n${result.lines.join('\n')}`);
  say(`digest ${result.digest}`);
  say(result.problems.length === 0 ? 'everything tallies' : result.problems.join('\n'));
  if (result.problems.length > 0) process.exitCode = 1;
}

/** Runs until one fails, and says how many that took. */
async function findFirst(runs: number, seed: number): Promise<void> {
  for (let run = 1; run <= runs; run += 1) {
    const { problems } = await simulate(planOf(seed + run - 1));
    if (problems.length === 0) continue;
    process.exitCode = 1;
    return say(`run ${run} (seed ${seed + run - 1}) fails: ${problems[0]?.split('\n')[0]}`);
  }
}

/** Divides the runs among processes of their own, and adds up what they found. */
async function runBeside(runs: number, seed: number, jobs: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'adtally-sim-'));
  const share = Math.ceil(runs / jobs);
  const files = Array.from({ length: jobs }, (_, job) => join(folder, `${job}.json`));
  const codes = files.map((file, job) => {
    const first = seed + job * share;
    const own = [
      '--runs',
      String(Math.min(share, seed + runs - first)),
      '--seed',
      String(first),
      '--resume',
      file,
      '--quiet',
    ];
    const child = spawn(process.execPath, [fileURLToPath(import.meta.url), ...own], { stdio: 'inherit' });
    return once(child, 'exit').then(([code]) => Number(code ?? 1));
  });
  if ((await Promise.all(codes)).some((code) => code !== 0)) process.exitCode = 1;
  say(summary(files.map((file) => readCampaign(file, seed)).reduce(addCampaign)));
  rmSync(folder, { recursive: true });
}

async function runAll(runs: number, seed: number, file: string | undefined, isQuiet: boolean): Promise<void> {
  const campaign = readCampaign(file, seed);
  let saidAt = Date.now();
  for (let run = 0; run < runs; run += 1) {
    const result = await simulate(planOf(campaign.nextSeed));
    addRun(campaign, result);
    if (result.problems.length > 0) {
      process.exitCode = 1;
      if (campaign.failures.length <= toldFailures) await tellFailure(result);
    }
    if ((run + 1) % saveEvery === 0 || run + 1 === runs) saveCampaign(file, campaign);
    if (isQuiet || Date.now() - saidAt < sayEveryMs) continue;
    saidAt = Date.now();
    say(`${run + 1} of ${runs} runs, ${campaign.failures.length} failures`);
  }
  if (!isQuiet) say(summary(campaign));
}

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    resume: { type: 'string' },
    story: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '1' },
    quiet: { type: 'boolean', default: false },
    first: { type: 'boolean', default: false },
  },
});
if (values.story) await tell(Number(values.seed));
else if (values.first) await findFirst(Number(values.runs), Number(values.seed));
else if (Number(values.jobs) > 1) await runBeside(Number(values.runs), Number(values.seed), Number(values.jobs));
else await runAll(Number(values.runs), Number(values.seed), values.resume, values.quiet);
