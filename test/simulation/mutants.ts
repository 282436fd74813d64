/**
 * Puts deliberate defects into a copy of the production code, one at a time, and has the simulator look for each.
 *
 *   node test/simulation/mutants.ts [--runs 500] [--seed 1] [--tree FOLDER] [word …]     exit 1 if one is not found
 *
 * Words choose the defects whose description has them. A folder is taken as it is (it is changed meanwhile); otherwise what is committed is copied.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Defect, defects } from './defects.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const mostMs = 600_000;

function copyTree(): string {
  const folder = mkdtempSync(join(tmpdir(), 'adtally-simulated-'));
  const archive = execFileSync('git', ['archive', 'HEAD'], { cwd: root, maxBuffer: 1 << 30 });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** What the simulator says of a defect: in how many runs it found it, and by what. */
function hunt(
  folder: string,
  { file, from, to }: Defect,
  runs: string,
  seed: string,
): { isFound: boolean; says: string } {
  const path = join(folder, file);
  const source = readFileSync(path, 'utf8');
  if (source.split(from).length !== 2)
    return { isFound: false, says: 'STALE: the piece does not stand there exactly once' };
  writeFileSync(
    path,
    source.replace(from, () => to),
  );
  try {
    const hunting = [join(folder, 'test/simulation/run.ts'), '--first', '--runs', runs, '--seed', seed];
    const { status, stdout, stderr } = spawnSync(process.execPath, hunting, {
      cwd: folder,
      encoding: 'utf8',
      timeout: mostMs,
    });
    if (status === 1 && stdout.includes('fails')) return { isFound: true, says: stdout.trim() };
    return { isFound: false, says: status === 0 ? `NOT FOUND in ${runs} runs` : `BROKEN: ${stderr.slice(0, 300)}` };
  } finally {
    writeFileSync(path, source);
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
    tree: { type: 'string' },
  },
});
const folder = values.tree ?? copyTree();
try {
  for (const defect of defects) {
    if (!positionals.every((word) => defect.breaks.includes(word))) continue;
    const { isFound, says } = hunt(folder, defect, values.runs, values.seed);
    if (!isFound) process.exitCode = 1;
    process.stdout.write(`${defect.breaks}\n    ${says}\n`);
  }
} finally {
  if (values.tree === undefined) rmSync(folder, { recursive: true, force: true });
}
