/**
 * Holds the built console against its sources and its budget: `node scripts/check-console.ts`. Exit 1 if `dashboards/web/dist` is not what
 * `npm run console` makes of the sources, or if a page would have to load more than is allowed.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';

const web = resolve(import.meta.dirname, '../dashboards/web');
const dist = join(web, 'dist');

/** Bytes after gzip: of what every view loads first, of the largest view on top, and of all together. */
const budget = { first: 28_000, view: 12_000, all: 130_000 } as const;
const firstFiles = ['index.html', 'index.css', 'index.js', 'preact.js', 'parts.js', 'colours.js'];
/** Drawing comes with the views that draw, and so counts only for all together. */
const drawing = ['uplot.js'];

/** @returns the files that the sources give, by name */
async function built(): Promise<Map<string, Buffer>> {
  const result = await build({ configFile: join(web, 'vite.config.ts'), logLevel: 'error', build: { write: false } });
  const { output } = result as Rolldown.RolldownOutput;
  const files = output.map((file): [string, Buffer] => [
    file.fileName,
    Buffer.from(file.type === 'chunk' ? file.code : file.source),
  ]);
  const copied = readdirSync(join(web, 'public')).map((name): [string, Buffer] => [
    name,
    readFileSync(join(web, 'public', name)),
  ]);
  return new Map([...files, ...copied]);
}

function staleFiles(wanted: ReadonlyMap<string, Buffer>): string[] {
  const present = readdirSync(dist);
  const changed = [...wanted].filter(
    ([name, bytes]) => !present.includes(name) || !readFileSync(join(dist, name)).equals(bytes),
  );
  return [...changed.map(([name]) => name), ...present.filter((name) => !wanted.has(name))];
}

/** @returns a line for each figure, and whether it is within the budget */
function sizes(files: ReadonlyMap<string, Buffer>): { readonly line: string; readonly fits: boolean }[] {
  const zipped = new Map(
    [...files].filter(([name]) => /\.(html|css|js)$/.test(name)).map(([name, bytes]) => [name, gzipSync(bytes).length]),
  );
  const sum = (names: readonly string[]) => names.reduce((bytes, name) => bytes + (zipped.get(name) ?? 0), 0);
  const views = [...zipped.keys()].filter((name) => !firstFiles.includes(name) && !drawing.includes(name));
  const figures = {
    first: sum(firstFiles),
    view: Math.max(0, ...views.map((name) => sum([name]))),
    all: sum([...zipped.keys()]),
  };
  return (['first', 'view', 'all'] as const).map((name) => ({
    line: `console ${name}: ${figures[name]} of ${budget[name]} bytes (gzip)`,
    fits: figures[name] <= budget[name],
  }));
}

const files = await built();
const stale = staleFiles(files);
const figures = sizes(files);
for (const { line, fits } of figures) process.stdout.write(`${fits ? 'ok  ' : 'OVER'} ${line}\n`);
if (stale.length > 0) {
  process.stdout.write(
    `dashboards/web/dist is not what the sources give (${stale.join(', ')}): run \`npm run console\`\n`,
  );
}
process.exitCode = stale.length > 0 || figures.some(({ fits }) => !fits) ? 1 : 0;
