import { planOf } from './plan.ts';
import { simulate } from './simulate.ts';

const [first = 1, count = 1] = process.argv.slice(2).map(Number);
const isCalm = process.argv.includes('calm');
for (let seed = first; seed < first + count; seed += 1) {
  const plan = planOf(seed);
  const started = process.cpuUsage();
  const result = await simulate(isCalm ? { ...plan, rates: {} } : plan);
  const used = process.cpuUsage(started);
  if (process.argv.includes('-v')) process.stdout.write(`${result.lines.join('\n')}\n`);
  const { problems, simulatedMs, events, calls, selections, acknowledged, certified, absorbed, digest } = result;
  const figures = { simulatedMs, events, calls, selections, acknowledged, certified, absorbed };
  process.stdout.write(`${seed} ${digest.slice(0, 8)} ${Object.values(figures).join(' ')} cpu ${Math.round((used.user + used.system) / 1000)} ms ${problems.length === 0 ? '' : `FAILS ${problems.length} ${problems[0]}`}\n`);
}
