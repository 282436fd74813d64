/**
 * Writes what is watched with, from where it is defined: `docs/metrics.md` from the registries of the processes, `dashboards/prometheus/objectives.yml` from the
 * objectives, and the dashboards of Grafana. `--check` writes nothing and exits 1 if a file differs.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { boardJson } from '../dashboards/grafana/board.ts';
import { boards } from '../dashboards/grafana/boards.ts';
import { objectiveRules } from '../dashboards/objectives/prometheus-rules.ts';
import { metricsPage } from './monitoring/metrics-page.ts';
import { rulesFile } from './monitoring/yaml-text.ts';

const house = new URL('../', import.meta.url);
const files = new Map([
  ['docs/metrics.md', metricsPage()],
  ['dashboards/prometheus/objectives.yml', rulesFile(objectiveRules())],
  ...boards.map((board) => [`dashboards/grafana/dashboards/${board.uid}.json`, boardJson(board)] as const),
]);

for (const [name, text] of files) {
  const file = new URL(name, house);
  if (!process.argv.includes('--check')) writeFileSync(file, text);
  else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    console.error(`${name} is not what is defined: run node scripts/generate-monitoring.ts`);
    process.exitCode = 1;
  }
}
