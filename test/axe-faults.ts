import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

const axe = readFileSync(fileURLToPath(new URL('../node_modules/axe-core/axe.min.js', import.meta.url)), 'utf8');

/** Waits until axe finds nothing serious in a page: a view may be reading anew, and is paler meanwhile. */
export async function expectAccessible(page: Page, timeout: number): Promise<void> {
  await page.evaluate(axe);
  const serious = async () => {
    const found = (await page.evaluate('axe.run()')) as {
      violations: { id: string; impact: string; nodes: { target: string[] }[] }[];
    };
    return found.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
  };
  await expect.poll(serious, { timeout, interval: 500 }).toEqual([]);
}
