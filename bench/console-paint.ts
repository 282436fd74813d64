/**
 * How soon each view of the console shows something: a fresh platform in this process, Debian's Chromium, a new context a view, so that nothing is cached;
 * then once more with the files in its cache, as whoever comes back has them. `npm run bench:console-paint` (40 s). `first_paint_…_ms` is the browser's own
 * first-contentful-paint, `content_…_ms` is when the heading of the view was there; both from the start of the navigation. At most 1,000 each.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';
import { startPlatform } from '../apps/platform.ts';
import { publishDemo } from '../apps/publish-demo.ts';
import { views } from '../dashboards/web/views.ts';
import { show } from './shown.ts';

const executablePath = '/usr/bin/chromium';
const key = 'paint-bench-admin-key-0123456789';
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];

interface Paint {
  readonly first: number;
  readonly content: number;
}

async function paintOf(context: BrowserContext, url: string): Promise<Paint> {
  const page = await context.newPage();
  await page.goto(url, { waitUntil: 'commit' });
  await page.locator('main h1').waitFor();
  const content = Number(await page.evaluate('performance.now()'));
  const first = Number(
    await page.evaluate(`new Promise((resolve) => {
      new PerformanceObserver((list, observer) => {
        const paint = list.getEntries().find(({ name }) => name === 'first-contentful-paint');
        if (paint === undefined) return;
        observer.disconnect();
        resolve(paint.startTime);
      }).observe({ type: 'paint', buffered: true });
    })`),
  );
  await page.close();
  return { first, content };
}

async function measure(browser: Browser, base: string): Promise<void> {
  const worst = { first: 0, content: 0 };
  for (const { name } of views) {
    const context = await browser.newContext();
    await context.addInitScript(`sessionStorage.setItem('adtally-key', '${key}')`);
    for (const visit of ['cold', 'warm'] as const) {
      const { first, content } = await paintOf(context, `${base}/${name}`);
      show(`first_paint_${visit}_${name}_ms`, Math.round(first));
      show(`content_${visit}_${name}_ms`, Math.round(content));
      worst.first = Math.max(worst.first, first);
      worst.content = Math.max(worst.content, content);
    }
    await context.close();
  }
  show('first_paint_slowest_ms', Math.round(worst.first));
  show('content_slowest_ms', Math.round(worst.content));
}

if (!existsSync(executablePath)) throw new Error(`${executablePath} is missing`);
const folder = mkdtempSync(join(tmpdir(), 'adtally-console-paint-'));
const { PATH = '', HOME = '' } = process.env;
const env = { PATH, HOME, DATA_DIR: folder, SERVE_PORT: '0', CONSOLE_PORT: '0', ADTALLY_KEYS: `admin=${key}` };
const platform = await startPlatform({ env, onLine: () => {}, onRestart: () => {} });
try {
  await publishDemo(platform);
  const browser = await chromium.launch({ executablePath, args: flags });
  try {
    await measure(browser, platform.consoleUrl);
  } finally {
    await browser.close();
  }
} finally {
  await platform.stop();
  rmSync(folder, { recursive: true, force: true });
}
