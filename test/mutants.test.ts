import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { mutants } from './mutants.ts';

test.each(mutants)(
  'The piece that is broken for invariant $invariant ($breaks) stands in $file exactly once',
  ({ file, from }) => {
    const source = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
    expect(source.split(from)).toHaveLength(2);
  },
);
