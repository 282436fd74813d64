import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allTargets } from '../fuzz/targets.ts';
import { sqlEscapes } from '../fuzz/sql-escapes.ts';

const house = join(import.meta.dirname, '../..');
const text = readFileSync(join(house, 'docs/security.md'), 'utf8');
const quoted = [...text.matchAll(/`([^`\n]+)`/g)].map(([, word = '']) => word);

describe('docs/security.md', () => {
  it('names files and folders that are there', () => {
    const paths = quoted.filter((word) => /^\.?[a-z][\w.-]*(\/[\w.-]+)+\/?$/.test(word) && !word.startsWith('v1/'));
    expect(paths.length).toBeGreaterThan(50);
    expect(paths.filter((path) => !existsSync(join(house, path)))).toEqual([]);
  });

  it('names every target of the fuzzing, and none that is not', () => {
    const [, table = ''] = text.split('## What the fuzzing covers');
    const named = [...table.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name),
    );
    expect(new Set(named)).toEqual(new Set(allTargets.map(({ name }) => name)));
  });

  it('gives a defence and a test for every threat', () => {
    const [, after = ''] = text.split('## Threats');
    const rows = (after.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('| **'));
    expect(rows.length).toBeGreaterThan(20);
    for (const row of rows) {
      const [, , , test = ''] = row.split(' | ').length === 3 ? ['', ...row.split(' | ')] : [];
      expect([row.slice(0, 60), /test|fuzz|demo/.test(test)]).toEqual([row.slice(0, 60), true]);
    }
  });

  it('does not say more ways out of SQL than are tried', () => {
    expect(new Set(sqlEscapes).size).toBeGreaterThanOrEqual(170);
  });
});
