import { shardOf } from '../../domain/identity.ts';
import { majorUnits } from '../../domain/money.ts';
import type { LedgerTruth, NumberedEntry } from '../../ports/ledger-index.ts';
import type { AskedCut, SelectionAnswer } from '../../ports/ledger-queries.ts';
import { type Cut, type CutPorts, type CutStream, findCut, findShardCut, sealOf } from './cut.ts';
import { type EventPorts, readSelectionEvents } from './selection-events.ts';
import {
  amountsOf,
  contentOf,
  type SelectionAmounts,
  stateOfAmounts,
  stateOfEvents,
  storyOf,
} from './selection-state.ts';
import { shownEntry } from './shown.ts';

/** More than a selection can have but for surplus draws. */
const entriesAtMost = 10_000;

/**
 * Everything that one ad did: its records in the log, its entries in both ledgers at a cut, where it stands and why. `latest` is here what both
 * ledgers have booked of its shard: fresher than a cut of all shards.
 */
export async function answerSelection(
  ports: CutPorts & EventPorts,
  selectionId: string,
  asked: AskedCut,
): Promise<SelectionAnswer> {
  const { events, total } = await readSelectionEvents(ports, selectionId);
  const records = events.map(({ record }) => record);
  const billing = contentOf(records);
  const shard = billing?.shard ?? (await bookedShard(ports, selectionId)) ?? shardOf(selectionId, ports.shards);
  const cut =
    asked.kind === 'time'
      ? ofShard(await findCut(ports, ['tentative', 'final'], asked), shard)
      : await findShardCut(ports, shard, asked);
  const [tentative, final] = await Promise.all([entriesOf('tentative'), entriesOf('final')]);
  const entries = { tentative: plain(tentative), final: plain(final) };
  const amounts = amountsOf(entries);
  const unbooked = stateOfEvents(records);
  const state = stateOfAmounts(amounts);
  const any = entries.tentative[0] ?? entries.final[0] ?? billing;
  return {
    ...sealOf(cut),
    selection_id: selectionId,
    shard,
    advertiser_id: any?.advertiser_id ?? null,
    campaign_id: any?.campaign_id ?? null,
    state: state ?? unbooked.state,
    why: state === null ? [unbooked.why] : storyOf(entries),
    currency: any?.currency ?? null,
    amounts: shownAmounts(amounts),
    tentative: tentative.map(({ name, entry }) => shownEntry(name, entry)),
    final: final.map(({ name, entry }) => shownEntry(name, entry)),
    events,
    events_total: total,
  };

  async function entriesOf(truth: LedgerTruth) {
    const streams = cut.streams.filter((stream) => stream.truth === truth);
    const found = await Promise.all(streams.map((name) => scan(name)));
    return found.flat();
  }

  async function scan(name: CutStream) {
    const scanned = { stream: name.stream, from: 0, to: name.entries, filter: { selectionId }, limit: entriesAtMost };
    return (await ports.index.entries(scanned)).map((entry) => ({ name, entry }));
  }
}

/** The shard in which a ledger has an entry of a selection: the one that its token carried. */
async function bookedShard({ index }: CutPorts, selectionId: string): Promise<number | null> {
  for (const { stream, shard, entryCount } of await index.indexedStreams()) {
    const found = await index.entries({ stream, from: 0, to: entryCount, filter: { selectionId }, limit: 1 });
    if (found.length > 0) return shard;
  }
  return null;
}

function ofShard({ timeMs, streams }: Cut, shard: number): Cut {
  return { timeMs, streams: streams.filter((stream) => stream.shard === shard) };
}

function plain(found: readonly { readonly entry: NumberedEntry }[]) {
  return found.map(({ entry }) => entry.entry);
}

function shownAmounts(amounts: SelectionAmounts): Readonly<Record<string, string>> {
  const shown: Record<string, string> = {};
  for (const [name, amountMicros] of Object.entries(amounts) as [string, bigint][]) {
    const key = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    shown[`${key}_micros`] = String(amountMicros);
    shown[key] = majorUnits(amountMicros);
  }
  return shown;
}
