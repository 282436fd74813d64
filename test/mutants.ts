/**
 * Breaks each invariant on purpose, in a copy, and sees that its test fails: a test that can't fail proves nothing.
 *
 *   node test/mutants.ts [number …]     exit 1 if a mutant survives
 *
 * Each mutant replaces one piece of production code; the piece must stand there exactly once, which a test checks, so that the list can't rot unnoticed.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Mutant {
  /** Number of the invariant in docs/ARCHITECTURE.md. */
  readonly invariant: number;
  readonly breaks: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** The test that must fail. */
  readonly test: string;
}

export const mutants: readonly Mutant[] = [
  {
    invariant: 1,
    breaks: 'a beacon that comes again is not kept as evidence',
    file: 'serving/beacons.ts',
    from: '      receipt_id: uuidV7(now, random.bytes(10)),',
    to: '      receipt_id: eventId(claims.billing.selection_id, kind, ordinal),',
    test: 'serving/beacons.test.ts',
  },
  {
    invariant: 2,
    breaks: 'a booking carries the time of the month instead of the fold',
    file: 'streams/processors/spend-moves.ts',
    from: 'postingPeriod: postingPeriod(state, state.policy?.calendars.get(billing.calendar) ?? bound),',
    to: 'postingPeriod: postingPeriod({ ...state, foldTime: Date.now() }, bound),',
    test: 'streams/processors/spend-lifecycle.test.ts',
  },
  {
    invariant: 3,
    breaks: 'a release is forgotten',
    file: 'streams/processors/spend-moves.ts',
    from: "  emit(work, selection, 'released', { lease });\n  enter(work, selection, 'released');",
    to: "  void lease;\n  enter(work, selection, 'released');",
    test: 'streams/processors/spend-lifecycle.test.ts',
  },
  {
    invariant: 4,
    breaks: 'the residue of a split is not booked',
    file: 'streams/processors/final-ledger.ts',
    from: "  postTransition(post, transition, { kind, debit, credit: 'rounding', amountMicros: parts.roundingMicros });\n",
    to: '',
    test: 'streams/processors/ledgers.test.ts',
  },
  {
    invariant: 5,
    breaks: 'the dedupe of charges is dropped: a beacon after the release incurs again',
    file: 'streams/processors/spend-arrivals.ts',
    from: "    case 'final':\n",
    to: "    case 'final':\n      incur(work, selection);\n      return;\n",
    test: 'streams/processors/spend-lifecycle.properties.test.ts',
  },
  {
    invariant: 5,
    breaks: 'the id of an event is random',
    file: 'domain/identity.ts',
    from: 'return uuidV5(`${selectionId}/${kind}/${ordinal}`);',
    to: 'return uuidV5(`${selectionId}/${kind}/${ordinal}/${Math.random()}`);',
    test: 'domain/identity.test.ts',
  },
  {
    invariant: 6,
    breaks: 'a correction may take back more than was certified',
    file: 'streams/processors/spend-adjustments.ts',
    from: 'if (!(amountMicros > 0 && amountMicros <= left)) {',
    to: 'if (!(amountMicros > 0)) {',
    test: 'streams/processors/spend-lifecycle.test.ts',
  },
  {
    invariant: 7,
    breaks: 'a grant holds whatever its number',
    file: 'streams/processors/pacing-ledger.ts',
    from: 'if (number !== campaign.lastNumber + 1) return false;',
    to: '',
    test: 'streams/processors/pacing-ledger.test.ts',
  },
  {
    invariant: 7,
    breaks: 'a node draws beyond its lease',
    file: 'serving/lease-book.ts',
    from: 'if (held === undefined || !this.#drawing || amountMicros > undrawn(held)) return null;',
    to: 'if (held === undefined || !this.#drawing) return null;',
    test: 'serving/lease-book.test.ts',
  },
  {
    invariant: 8,
    breaks: 'what a fenced boot did not draw never comes back',
    file: 'streams/processors/pacing-ledger.ts',
    from: 'return ledger.fences.get(`${lease.node}/${lease.boot}`)?.size === ledger.spendShards;',
    to: 'return lease.day === ledger.campaigns.size.toString();',
    test: 'streams/processors/pacing-ledger.test.ts',
  },
  {
    invariant: 9,
    breaks: 'a beacon is acknowledged before its group is on disk',
    file: 'serving/segments.ts',
    from: 'await file.sync();',
    to: 'void file.sync();',
    test: 'serving/segment-buffer.test.ts',
  },
  {
    invariant: 10,
    breaks: 'the comparison of ledgers finds nothing',
    file: 'reconcile/ledger-check.ts',
    from: 'if (expected.length === 0 && actual.length === 0) return null;',
    to: 'if (expected.length >= 0) return null;',
    test: 'test/planted-defects.test.ts',
  },
  {
    invariant: 11,
    breaks: 'reporting counts copies',
    file: 'dashboards/warehouse/views.sql',
    from: 'WHERE place > 1);\n\n-- One row a selection that was viewable',
    to: 'WHERE place > 1000000);\n\n-- One row a selection that was viewable',
    test: 'test/reporting/reports.test.ts',
  },
  {
    invariant: 12,
    breaks: 'a decision waits for the person as long as it takes',
    file: 'serving/person.ts',
    from: 'const timer = this.#options.clock.after(allowanceMs, () => {',
    to: 'const timer = this.#options.clock.after(allowanceMs * 1000, () => {',
    test: 'serving/person.test.ts',
  },
  {
    invariant: 13,
    breaks: 'a closed month is booked into',
    file: 'streams/processors/spend-periods.ts',
    from: 'if (month.ends_at > state.foldTime && month.period > closedThrough) return month.period;',
    to: 'if (month.ends_at > state.foldTime || month.period > closedThrough) return month.period;',
    test: 'streams/processors/spend-lifecycle.test.ts',
  },
];

const root = fileURLToPath(new URL('..', import.meta.url));

/** The tracked files in a folder of their own, with the packages that are installed here. */
function copyTree(): string {
  const folder = mkdtempSync(join(tmpdir(), 'adtally-mutants-'));
  const archive = execFileSync('git', ['archive', 'HEAD'], { cwd: root, maxBuffer: 1 << 30 });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

function testFails(folder: string, test: string): boolean {
  const vitest = join(folder, 'node_modules', 'vitest', 'vitest.mjs');
  return spawnSync(process.execPath, [vitest, 'run', test], { cwd: folder, encoding: 'utf8' }).status !== 0;
}

/** True if the test of the mutant fails with it and passes without it. */
function isKilled(folder: string, { file, from, to, test }: Mutant): string {
  const path = join(folder, file);
  const source = readFileSync(path, 'utf8');
  if (source.split(from).length !== 2) return 'STALE: the piece does not stand there exactly once';
  if (testFails(folder, test)) return 'USELESS: the test fails without the mutant';
  writeFileSync(
    path,
    source.replace(from, () => to),
  );
  const killed = testFails(folder, test);
  writeFileSync(path, source);
  return killed ? 'killed' : 'SURVIVED';
}

function runAll(wanted: readonly number[]): void {
  const folder = copyTree();
  try {
    for (const mutant of mutants) {
      if (wanted.length > 0 && !wanted.includes(mutant.invariant)) continue;
      const outcome = isKilled(folder, mutant);
      if (outcome !== 'killed') process.exitCode = 1;
      const line = `${String(mutant.invariant).padStart(2)}  ${outcome.padEnd(8)}  ${mutant.breaks}  (${mutant.test})`;
      process.stdout.write(`${line}\n`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) runAll(process.argv.slice(2).map(Number));
