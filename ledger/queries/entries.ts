import { hash } from 'node:crypto';
import { AdtallyError } from '../../domain/errors.ts';
import type { NumberedEntry } from '../../ports/ledger-index.ts';
import type { AskedCut, EntriesAnswer, EntryQuestion } from '../../ports/ledger-queries.ts';
import type { LedgerStreamName } from '../index/stream-name.ts';
import { type Cut, type CutPorts, findCut, sealOf } from './cut.ts';
import { shownEntry } from './shown.ts';

/** Where the next page begins, and the cut that all pages of one question share. */
interface PageStart {
  readonly at: AskedCut;
  readonly stream: string;
  readonly number: number;
}

/** One page of the entries before a cut that a filter takes. */
export async function answerEntries(ports: CutPorts, question: EntryQuestion): Promise<EntriesAnswer> {
  const start = question.cursor === undefined ? null : readCursor(question.cursor, question);
  const cut = await findCut(ports, question.truths, start?.at ?? question.at);
  const found = await scan(ports, cut, question, start);
  const page = found.slice(0, question.limit);
  const next = found[question.limit];
  return {
    ...sealOf(cut),
    items: page.map(({ name, entry }) => shownEntry(name, entry)),
    next_cursor:
      next === undefined ? null : writeCursor(question, { cut, stream: next.name.stream, number: next.entry.number }),
  };
}

interface Found {
  readonly name: LedgerStreamName;
  readonly entry: NumberedEntry;
}

/** One more than the page holds, so that the last page is known to be the last. */
async function scan(
  ports: CutPorts,
  cut: Cut,
  { filter, limit }: EntryQuestion,
  start: PageStart | null,
): Promise<readonly Found[]> {
  const found: Found[] = [];
  const first = start === null ? 0 : cut.streams.findIndex(({ stream }) => stream === start.stream);
  for (const name of cut.streams.slice(first)) {
    const from = name.stream === start?.stream ? start.number : 0;
    const wanted = limit + 1 - found.length;
    if (wanted === 0) break;
    const entries = await ports.index.entries({ stream: name.stream, from, to: name.entries, filter, limit: wanted });
    found.push(...entries.map((entry) => ({ name, entry })));
  }
  return found;
}

/** A cursor carries the cut, so that entries booked meanwhile change no later page, and a mark of its question. */
function writeCursor(
  question: EntryQuestion,
  { cut, stream, number }: { cut: Cut; stream: string; number: number },
): string {
  const at = cut.timeMs ?? cut.streams.map(({ shard, offset }) => [shard, offset]);
  return Buffer.from(JSON.stringify([markOf(question), at, stream, number])).toString('base64url');
}

function readCursor(cursor: string, question: EntryQuestion): PageStart {
  const [mark, position, stream, number] = parse(cursor);
  const at = cutOf(position);
  const known = question.truths.some((truth) => typeof stream === 'string' && stream.startsWith(`${truth}-`));
  if (mark === markOf(question) && known && typeof stream === 'string' && isIndex(number) && at !== null) {
    return { at, stream, number };
  }
  throw new AdtallyError('VALIDATION_FAILED', 'the cursor is not one of this question', { path: 'cursor' });
}

/** The last moment that a Date can name: a cursor that somebody changed may say more. */
const lastTimeMs = 8_640_000_000_000_000;

function cutOf(position: unknown): AskedCut | null {
  if (isIndex(position)) return position <= lastTimeMs ? { kind: 'time', timeMs: position } : null;
  if (!Array.isArray(position) || !position.every(isPair)) return null;
  return { kind: 'position', offsets: new Map(position) };
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isPair(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every(isIndex);
}

function parse(cursor: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(value) ? value : [];
  } catch {
    return []; // no JSON: no cursor of ours
  }
}

function markOf({ truths, filter }: EntryQuestion): string {
  const parts = Object.entries(filter).sort(([a], [b]) => (a < b ? -1 : 1));
  return hash('sha256', JSON.stringify([truths, parts]), 'hex').slice(0, 12);
}
