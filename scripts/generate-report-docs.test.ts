import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('The documents say of every named report what its file says', () => {
  const script = new URL('generate-report-docs.ts', import.meta.url).pathname;
  const run = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  expect(run.stderr).toBe('');
  expect(run.status).toBe(0);
});
