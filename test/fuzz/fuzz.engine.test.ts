import { describe, expect, it } from 'vitest';
import { engineTargets } from './targets.ts';

/** The same inputs in every check; `npm run fuzz` tries others. */
const seed = 20_261_122;

describe('A short campaign of', () => {
  it.each(engineTargets)('$name: $about', async ({ campaign, shortRuns }) => {
    const { inputs, failure } = await campaign({ runs: shortRuns, seed });
    expect(failure).toBeNull();
    expect(inputs).toBeGreaterThanOrEqual(shortRuns);
  });
});
