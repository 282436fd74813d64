import { textTable } from '../text-table.ts';
import { type Installation, movable, type Moved } from './installation.ts';
import type { Migration } from './migration.ts';

const names: Readonly<Record<Moved, string>> = { log: 'log', ledger: 'ledgers', keys: 'keys', views: 'views' };
const shownHex = 16;

/** From where to where, before anything is done. */
export function textBefore(source: Installation, target: Installation): string {
  const rows = movable.map((what) => [
    names[what],
    source[what],
    source[what] === target[what] ? '(stays)' : what === 'views' ? `${target[what]} (written again)` : target[what],
  ]);
  const folder = source.dataDir === target.dataDir ? '(stays)' : target.dataDir;
  return textTable(
    ['', 'from', 'to'],
    [...rows, ['schema ids', source.registry, target.registry], ['DATA_DIR', source.dataDir, folder]],
  );
}

export interface TextAfter {
  readonly source: Installation;
  readonly target: Installation;
  /** False: nothing was copied, only compared. */
  readonly isCopy: boolean;
}

/** The proof, and what to do next. */
export function textAfter(done: Migration, { source, target, isCopy }: TextAfter): string {
  const parts = [
    logText(done),
    ledgerText(done),
    keysText(done),
    done.folders.length > 0 ? `folders  ${done.folders.join(', ')}\n` : '',
  ];
  const body = parts.filter((part) => part !== '').join('\n');
  if (done.result === 'differs')
    return `\n${body}\nThey differ: see the lines marked ✗. Do not start the platform on ${target.log}.\n`;
  if (done.result === 'ahead')
    return `\n${body}\nWhat was copied is equal. To move there, stop the platform everywhere and run it again without --ahead: it copies the rest.\n`;
  const next = `Start the platform with the settings of the target, never again with those of the source; keep ${source.dataDir} until adtally replay and reconcile agree.`;
  return `\n${body}\nNothing changed.${isCopy ? ` ${next}` : ''}\n`;
}

function logText({ log }: Migration): string {
  if (log === null) return '';
  const filled = log.shards.filter(({ records, target_records: copies }) => records + copies > 0);
  const rows = filled.map((shard) => [
    shard.equal ? '✓' : '✗',
    `${shard.topic}/${shard.shard}`,
    `${shard.first}..${shard.next}`,
    shard.records,
    shard.digest.slice(0, shownHex),
    shard.target_records,
    shard.target_digest.slice(0, shownHex),
  ]);
  const table = textTable(['', 'log', 'offsets', 'records', 'digest', 'in target', 'digest in target'], rows);
  return `${table}   all of it: ${log.digest} / ${log.target_digest}\n`;
}

function ledgerText({ ledgers }: Migration): string {
  if (ledgers === null) return '';
  const rows = ledgers.streams.map((stream) => [
    stream.equal ? '✓' : '✗',
    stream.stream,
    stream.events,
    stream.digest.slice(0, shownHex),
    stream.target_events,
    stream.target_digest.slice(0, shownHex),
  ]);
  const table = textTable(['', 'ledger', 'events', 'digest', 'in target', 'digest in target'], rows);
  return `${table}   at the cut where they stand: ${ledgers.digest} / ${ledgers.target_digest}\n`;
}

function keysText({ keys }: Migration): string {
  if (keys === null) return '';
  const [own, copy] = [keys.digest.slice(0, shownHex), keys.target_digest.slice(0, shownHex)];
  return `${keys.equal ? '✓' : '✗'}  keys of persons  ${keys.count} ${own} / ${keys.target_count} ${copy}\n`;
}
