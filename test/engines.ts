import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { type Engine, findEngine, startEngine } from '../scripts/engines/engine.ts';
import { upFolder } from '../scripts/engines/engines.ts';

const folderVariable = 'TEST_ENGINES_FOLDER';

/** An engine for tests, or why there is none. */
export type EngineForTests = { readonly url: string } | { readonly missing: string };

/**
 * The engine that `npm run engines:up` started, else one that is started now and shared by all test files of this run. Where it can't be had the
 * tests say so and are skipped; with `ENGINES_REQUIRED=1` that is a failure.
 */
export async function engineForTests(engine: Engine): Promise<EngineForTests> {
  const up = findEngine(upFolder(engine));
  if (up) return { url: up.url };
  const missing = await engine.prepare((line) => process.stderr.write(`${line}\n`));
  if (missing === null) return { url: (await startEngine(engine, join(runFolder(), engine.name))).url };
  if (process.env['ENGINES_REQUIRED'] === '1') throw new Error(`${engine.name} is required: ${missing}`);
  process.stderr.write(`${engine.name} is not here, its tests are skipped: ${missing}\n`);
  return { missing };
}

/** The tests of an engine; skipped where it is not, under a title that says why. */
export function describeEngine(engine: Engine, found: EngineForTests, tests: (url: string) => void): void {
  const missing = 'missing' in found ? `, which is not here: ${found.missing}` : '';
  describe.skipIf(missing !== '')(`on ${engine.name}${missing}`, () => {
    tests('url' in found ? found.url : 'none://');
  });
}

function runFolder(): string {
  const folder = process.env[folderVariable];
  if (folder === undefined) throw new Error(`${folderVariable} is set by test/engines.ts, the global set-up of vitest`);
  return folder;
}

/** Global set-up of a test run: a folder for its engines; what was started in it ends with the run. */
export default function setup(): (() => Promise<void>) | undefined {
  if (process.env[folderVariable] !== undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'adtally-engines-'));
  process.env[folderVariable] = folder;
  return async () => {
    const names = existsSync(folder) ? readdirSync(folder) : [];
    await Promise.all(names.map(async (name) => findEngine(join(folder, name))?.stop()));
    rmSync(folder, { recursive: true, force: true });
  };
}
