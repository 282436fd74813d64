import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('The tables and columns of the warehouse are those of the schemas as they are now', () => {
  const run = spawnSync(process.execPath, [new URL('generate-warehouse.ts', import.meta.url).pathname, '--check'], {
    encoding: 'utf8',
  });
  expect(run.stderr).toBe('');
  expect(run.status).toBe(0);
});
