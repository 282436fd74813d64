import { type Topic, topicRecords } from '../domain/records.ts';
import type { TopicShard } from '../ports/event-log.ts';
import { isUuid } from '../domain/identity.ts';
import { type Break, structureBreak, sumKeys } from './breaks.ts';
import { billingOf, type SelectionFacts } from './facts.ts';
import { Invariants } from './invariants.ts';
import type { LedgerStream } from './ledger-reading.ts';
import { atCommonCut, ledgerSums } from './ledger-sums.ts';
import { type Damage, refText } from './log-reading.ts';
import { PacingSums } from './pacing-check.ts';
import { type Recounted, recountSelection } from './recount.ts';
import { checkRows } from './reporting-check.ts';
import { readReported, readRows, type Reported } from './reporting-reading.ts';
import { joinHoldings, ShardRun } from './shard-run.ts';
import { LogReader, type Progress, type ShardReading, type Sources } from './sources.ts';
import { sumsWith, Tally } from './tally.ts';

/** Selections after which others get a turn. */
const breathEvery = 1_000;
/** Topics whose shards are those of the selections. */
const shardTopics = [
  'selected',
  'impression',
  'engagement',
  'click',
  'spend',
  'journal',
] as const satisfies readonly Topic[];

type Known = Pick<Recounted, 'shard' | 'campaignId' | 'advertiserId' | 'closed'>;

/** Where a stream stood, for the digest. */
export type StreamHead = Pick<LedgerStream, 'truth' | 'shard' | 'nextOffset' | 'chainHead'>;

/**
 * One pass over everything, shard by shard: of each selection only sums and what is wrong are kept. A selection belongs to the shard that its tokens name, and
 * all that is known of it should stand there. `strays` are those of which other shards have something as well: they are judged last, when everything of them
 * was read. Which they are shows only in a pass; whoever runs it runs another one with what it `found`.
 */
export class Pass {
  readonly reader: LogReader;
  readonly tally = new Tally();
  readonly invariants: Invariants;
  readonly pacing = new PacingSums();
  readonly heads: StreamHead[] = [];
  readonly found = new Set<string>();
  selfTest: 'passed' | 'failed' | 'nothing_to_corrupt' = 'nothing_to_corrupt';
  private readonly sources: Sources;
  private readonly progress: Progress;
  private readonly strays: ReadonlySet<string>;
  private readonly strayFacts = new Map<string, SelectionFacts>();
  private readonly strayRuns: ShardRun[] = [];

  constructor(sources: Sources, progress: Progress, strays: ReadonlySet<string>) {
    this.sources = sources;
    this.progress = progress;
    this.strays = strays;
    this.reader = new LogReader(sources, progress);
    this.invariants = new Invariants(strays);
  }

  async run(): Promise<void> {
    for (let shard = 0; shard < this.sources.log.shards('spend'); shard += 1) await this.shard(shard);
    for (const id of this.strays) this.stray(id);
    for (const run of this.strayRuns) this.tally.breaks.push(...run.conclude(this.pacing));
    await this.otherRows();
    this.damages();
  }

  private async shard(shard: number): Promise<void> {
    const reading = await this.reader.readShard(shard);
    const reported = await this.reported(shard);
    const run = new ShardRun(reading, this.reader, reported);
    const cut = atCommonCut(reading.ledgers);
    this.invariants.addShard(cut, ledgerSums(cut));
    for (const { truth, nextOffset, chainHead } of reading.ledgers)
      this.heads.push({ truth, shard, nextOffset, chainHead });
    const known = await this.selections(reading, run);
    for (const id of run.left()) if (!this.strays.has(id)) this.unknown(id, run);
    if (reported !== null) await this.rows(reported, known);
    if (this.strays.size > 0) this.strayRuns.push(run);
    else this.tally.breaks.push(...run.conclude(this.pacing));
  }

  private async reported(shard: number): Promise<Reported | null> {
    const { reporting, log } = this.sources;
    if (reporting === null) return null;
    await this.progress(`reading reporting of shard ${shard}`);
    const spendNext = this.reader.positions[`spend/${shard}`]?.next ?? 0;
    return readReported(reporting, log, { shard, spendNext, topics: shardTopics });
  }

  /** Judges the selections of a shard, each once and for good, and gives what still has to be known of them. */
  private async selections({ shard, book }: ShardReading, run: ShardRun): Promise<ReadonlyMap<string, Known>> {
    const known = new Map<string, Known>();
    const all = book.selections.size;
    let count = 0;
    for (const [id, facts] of book.selections) {
      if (count % breathEvery === 0) await this.progress(`recounting selection ${count} of ${all} in shard ${shard}`);
      count += 1;
      book.selections.delete(id); // nothing of it is needed again
      if (this.strays.has(id)) {
        this.strayFacts.set(id, joinFacts(this.strayFacts.get(id), facts));
        continue;
      }
      const one = recountSelection(facts, this.reader);
      if (one.shard !== shard || isHomeless(facts)) this.found.add(id);
      const { campaignId, advertiserId, closed } = one;
      known.set(id, { shard: one.shard, campaignId, advertiserId, closed });
      this.judge(one, run);
    }
    return known;
  }

  /** Rows of the topics of this shard. */
  private async rows({ rows }: Reported, known: ReadonlyMap<string, Known>): Promise<void> {
    const breaks = await checkRows(rows, this.sources, (id) => known.get(id)?.closed ?? false);
    this.tally.breaks.push(...breaks);
    for (const { selectionId } of breaks) {
      const one = known.get(selectionId);
      if (one !== undefined) this.tally.place(selectionId, Object.values(sumKeys(one)));
    }
  }

  private judge(one: Recounted, run: ShardRun): void {
    const holding = run.take(one.selectionId);
    this.tally.add(run.judge(one, holding));
    if (this.selfTest === 'nothing_to_corrupt') this.selfTest = run.testItself(one, holding) ?? 'nothing_to_corrupt';
  }

  /** The ledgers or reporting of a shard have something of a selection of which nothing else in it knows. */
  private unknown(id: string, run: ShardRun): void {
    this.found.add(id);
    this.tally.breaks.push(...run.unknown(id, run.take(id)));
  }

  /** A selection of which several shards have something, now that all of it was read. */
  private stray(id: string): void {
    const facts = this.strayFacts.get(id);
    const one = facts === undefined ? null : recountSelection(facts, this.reader);
    const home = this.strayRuns.find((run) => run.shard === one?.shard);
    const others = this.strayRuns.filter((run) => run !== home).map((run) => ({ run, holding: run.take(id) }));
    if (one === null || home === undefined) {
      for (const { run, holding } of others) this.tally.breaks.push(...run.unknown(id, holding));
      return;
    }
    const holding = joinHoldings([home.take(id), ...others.map((other) => other.holding)]);
    this.tally.add(home.judge(one, holding));
    this.tally.place(id, sumsWith(one));
    for (const other of others) this.tally.breaks.push(...other.run.foreign(id, other.holding));
  }

  /** Rows of the topics that know no selections. */
  private async otherRows(): Promise<void> {
    const { reporting, log } = this.sources;
    if (reporting === null) return;
    await this.progress('reading the rest of reporting');
    const known = new Set<string>(shardTopics);
    const topics = (Object.keys(topicRecords) as (Topic | 'ledger')[]).filter((name) => name !== 'ledger');
    const places = topics
      .filter((topic) => !known.has(topic))
      .flatMap((topic): TopicShard[] => Array.from({ length: log.shards(topic) }, (_, shard) => ({ topic, shard })));
    const rows = await readRows(reporting, log, places);
    this.tally.breaks.push(...(await checkRows(rows, this.sources, () => false)));
  }

  private damages(): void {
    for (const damage of this.reader.unknownDamages()) this.tally.breaks.push(damageBreak(damage));
  }
}

const truthOfTopic: Readonly<Partial<Record<Topic, Break['truth']>>> = {
  selected: 'selection',
  catalog: 'selection',
  spend: 'spend',
  pacing: 'pacing',
};

function damageBreak(damage: Damage): Break {
  const unnoticed = damage.code === 'unreadable_record' ? ', and nothing in quarantine says that anybody noticed' : '';
  return structureBreak(truthOfTopic[damage.topic] ?? 'delivery', damage.code, `${damage.detail}${unnoticed}`, {
    refs: [refText(damage)],
    selectionId: isUuid(damage.key) ? damage.key : '',
  });
}

/** No token says where it belongs, only a verdict or a correction that stands here. */
function isHomeless(facts: SelectionFacts): boolean {
  return billingOf(facts) === null && facts.verdicts.length + facts.adjustments.length > 0;
}

function joinFacts(known: SelectionFacts | undefined, more: SelectionFacts): SelectionFacts {
  if (known === undefined) return more;
  return {
    selectionId: known.selectionId,
    selected: [...known.selected, ...more.selected],
    returned: [...known.returned, ...more.returned],
    beacons: [...known.beacons, ...more.beacons],
    reserved: [...known.reserved, ...more.reserved],
    incurred: [...known.incurred, ...more.incurred],
    verdicts: [...known.verdicts, ...more.verdicts],
    adjustments: [...known.adjustments, ...more.adjustments],
    unreadable: [...known.unreadable, ...more.unreadable],
  };
}
