import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('Metrics, rules and dashboards are described as they are defined', () => {
  const script = new URL('generate-monitoring.ts', import.meta.url).pathname;
  const flags = ['--disable-warning=ExperimentalWarning'];
  const run = spawnSync(process.execPath, [...flags, script, '--check'], { encoding: 'utf8' });
  expect(run.stderr).toBe('');
  expect(run.status).toBe(0);
});
