import type { AuditRun } from '../dashboards/audit/audit-runs.ts';
import type { ReconciliationReport } from '../reconcile/report.ts';
import type { Replay } from '../streams/replay.ts';
import { textTable } from './text-table.ts';

/** Breaks and differences that are shown; the report has all. */
const shownBreaks = 20;
const shownCharacters = 300;

/** A reconciliation for people. */
export function reconciliationText(run: AuditRun): string {
  const report = run as unknown as ReconciliationReport;
  const bridges = report.bridges.map((bridge) => [
    bridge.from.replace('_', '-'),
    bridge.to.replace('_', '-'),
    bridge.from_micros,
    bridge.to_micros,
    bridge.explained_micros,
    bridge.left_micros,
    bridge.currency,
  ]);
  const causes = report.causes.map(({ cause, from, to, count, amount_micros }) => [
    cause,
    `${from} → ${to}`,
    count,
    amount_micros,
  ]);
  const { reporting, self_test, selections, closed_selections } = report;
  return [
    `${selections} selections, ${closed_selections} of them closed; reporting ${reporting.replace('_', ' ')}; self-test ${self_test.replaceAll('_', ' ')}`,
    '',
    textTable(['truth', 'next truth', 'says', 'next says', 'explained', 'left', ''], bridges),
    textTable(['cause', 'between', 'selections', 'micros'], causes),
    ...breaksText(report),
    ...report.invariants.map(
      ({ number, holds, detail }) => `invariant ${number} ${holds ? 'holds' : 'is BROKEN'}: ${detail}`,
    ),
    '',
    report.result === 'tallies'
      ? `It tallies: unexplained ${report.unexplained_micros} micros.`
      : `It does NOT tally: unexplained ${report.unexplained_micros} micros, ${report.breaks_total} breaks.`,
    `report ${run.id}, digest ${report.digest}`,
    '',
  ].join('\n');
}

function breaksText({ breaks, breaks_total }: ReconciliationReport): string[] {
  if (breaks_total === 0) return [];
  const lines = breaks.slice(0, shownBreaks).map((found) => {
    const where = [found.selection_id, found.campaign_id, found.refs.slice(0, 4).join(' ')].filter(
      (text) => text !== '',
    );
    const sides = `expected ${found.expected_micros}, found ${found.actual_micros}`;
    return `  ${found.truth}: ${found.code} of ${found.difference_micros} micros (${sides}) at ${where.join(' ')}\n    ${found.detail.slice(0, shownCharacters)}`;
  });
  const more = breaks_total - lines.length;
  return ['breaks', ...lines, ...(more > 0 ? [`  and ${more} more: --json shows them`] : []), ''];
}

/** A replay for people. */
export function replayText(run: AuditRun): string {
  const replay = run as unknown as Replay;
  const { records, entries, records_per_s, digest, replayed_digest, differences, differences_total } = replay;
  const lines = differences
    .slice(0, shownBreaks)
    .map(
      ({ stream, place, selection_id, detail }) =>
        `  ${stream} at ${place} ${selection_id}\n    ${detail.slice(0, shownCharacters)}`,
    );
  return [
    `${records} records of spend folded into ${entries} entries, ${records_per_s} records/s`,
    '',
    textTable(
      ['stream', 'entries', 'next', 'chain head', 'differences'],
      replay.streams.map((one) => [
        one.stream,
        one.entries,
        one.next_offset,
        one.chain_head.slice(0, 16),
        one.differences,
      ]),
    ),
    ...(lines.length === 0 ? [] : ['differences, the first one first', ...lines, '']),
    `digest of the ledgers ${digest}\ndigest of the replay  ${replayed_digest}`,
    '',
    differences_total === 0
      ? 'The ledgers are what the log gives.'
      : `The ledgers are NOT what the log gives: ${differences_total} differences.`,
    '',
  ].join('\n');
}
