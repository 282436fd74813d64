import { parseArgs } from 'node:util';
import { allTargets } from './targets.ts';

const usage = `npm run fuzz -- [--target NAME …] [--runs N] [--seed S] [--path P]

Tries made-up inputs against what reads them, and says how many were tried, how they ended, and the smallest that breaks something. The same seed makes the
same inputs. --runs: of each target (its short campaign if left out). --seed: a new one if left out. --path: of a failure, with its target and seed.

${allTargets.map(({ name, about }) => `  ${name}\n      ${about}`).join('\n')}`;

function whole(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^-?\d{1,10}$/.test(text)) throw new Error(`--${name} is a whole number, not ${text}`);
  return Number(text);
}

const { values } = parseArgs({
  options: {
    target: { type: 'string', multiple: true },
    runs: { type: 'string' },
    seed: { type: 'string' },
    path: { type: 'string' },
    help: { type: 'boolean' },
  },
});

async function main(): Promise<number> {
  const { target: names, path, help } = values;
  const unknown = names?.find((name) => !allTargets.some((target) => target.name === name));
  if (help || unknown !== undefined) {
    process.stdout.write(`${unknown === undefined ? '' : `there is no target ${unknown}\n\n`}${usage}\n`);
    return help ? 0 : 2;
  }
  const seed = whole('seed', values.seed, Date.now() & 0x7fffffff);
  const chosen = allTargets.filter(({ name }) => names?.includes(name) ?? true);
  let [inputs, failures] = [0, 0];
  for (const target of chosen) {
    const startedAt = performance.now();
    const runs = whole('runs', values.runs, target.shortRuns);
    const report = await target.campaign({ runs, seed, ...(path !== undefined && { path }) });
    inputs += report.inputs;
    const took = ((performance.now() - startedAt) / 1000).toFixed(1);
    const ends = report.outcomes.slice(0, 12).map(([outcome, count]) => `${outcome} ${count}`);
    process.stdout.write(`${report.target}: ${report.inputs} inputs in ${took} s · ${ends.join(' · ')}\n`);
    if (report.failure === null) continue;
    failures += 1;
    process.stdout.write(
      `  FAILED: npm run fuzz -- --target ${report.target} ${report.failure.replaceAll('\n', '\n  ')}\n`,
    );
  }
  process.stdout.write(`${chosen.length} targets, ${inputs} inputs, seed ${seed}, ${failures} failed\n`);
  return failures === 0 ? 0 : 1;
}

process.exitCode = await main();
