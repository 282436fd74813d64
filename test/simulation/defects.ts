/** A deliberate defect: a piece of production code that stands there exactly once, and what is put in its place. */
export interface Defect {
  readonly breaks: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const arrivals = 'streams/processors/spend-arrivals.ts';
const moves = 'streams/processors/spend-moves.ts';
const spendShard = 'streams/runtime/spend-shard.ts';
const pacingLedger = 'streams/processors/pacing-ledger.ts';
const deltas = 'streams/processors/pacing-deltas.ts';
const leaseBook = 'serving/lease-book.ts';
const beacons = 'serving/beacons.ts';

export const defects: readonly Defect[] = [
  {
    breaks: 'the dedupe is dropped: a certified selection incurs again',
    file: arrivals,
    from: "    case 'final':\n",
    to: "    case 'final':\n      incur(work, selection);\n      return;\n",
  },
  {
    breaks: 'the id of an event is random',
    file: 'domain/identity.ts',
    from: 'return uuidV5(`${selectionId}/${kind}/${ordinal}`);',
    to: 'return uuidV5(`${selectionId}/${kind}/${ordinal}/${Math.random()}`);',
  },
  {
    breaks: 'a ledger is written at any revision',
    file: 'streams/runtime/ledger-writer.ts',
    from: 'await ledger.append(this.stream, this.#revision, [event]);',
    to: "await ledger.append(this.stream, (await ledger.tail(this.stream))?.revision ?? 'no_stream', [event]);",
  },
  {
    breaks: 'a checkpoint is written before the outputs that it answers for',
    file: 'streams/runtime/processor-shard.ts',
    from: '    if (!outputs.isEmpty) await this.#retrying(() => outputs.write());\n    for (const batch of batches) this.#meter.processed(batch);\n    await this.#checkpointIfDue();',
    to: '    await this.#checkpoint();\n    if (!outputs.isEmpty) await this.#retrying(() => outputs.write());\n    for (const batch of batches) this.#meter.processed(batch);',
  },
  {
    breaks: 'a lease counts as closed when the first shard has passed its fence',
    file: pacingLedger,
    from: 'if (passed.size === ledger.spendShards) campaign.leases.delete(key);',
    to: 'campaign.leases.delete(key);',
  },
  {
    breaks: 'a void is forgotten',
    file: moves,
    from: "  emit(work, selection, 'voided', { lease, fromSuspense, verdict });\n",
    to: '  void [lease, fromSuspense, verdict];\n',
  },
  {
    breaks: 'a release is forgotten',
    file: moves,
    from: "  emit(work, selection, 'released', { lease });\n  enter(work, selection, 'released');",
    to: "  void lease;\n  enter(work, selection, 'released');",
  },
  {
    breaks: "the publisher's share is rounded twice",
    file: 'domain/money.ts',
    from: 'const publisherMicros = portionMicros(amountMicros, sharePpm, rounding);',
    to: 'const publisherMicros = portionMicros(portionMicros(amountMicros, 999_999, rounding), sharePpm, rounding);',
  },
  {
    breaks: 'a verdict takes back again what a correction has taken back',
    file: arrivals,
    from: 'const amountMicros = selection.certifiedMicros - selection.reversedMicros;',
    to: 'const amountMicros = selection.certifiedMicros;',
  },
  {
    breaks: 'a fold reads the wall clock',
    file: moves,
    from: 'postingPeriod: postingPeriod(state, state.policy?.calendars.get(billing.calendar) ?? bound),',
    to: 'postingPeriod: postingPeriod({ ...state, foldTime: Date.now() }, bound),',
  },
  {
    breaks: 'a closed month is booked into',
    file: 'streams/processors/spend-periods.ts',
    from: 'if (month.ends_at > state.foldTime && month.period > closedThrough) return month.period;',
    to: 'if (month.ends_at > state.foldTime || month.period > closedThrough) return month.period;',
  },
  {
    breaks: 'a grant holds whatever its number',
    file: pacingLedger,
    from: 'if (number !== campaign.lastNumber + 1) return false;',
    to: 'if (number < 0) return false;',
  },
  {
    breaks: 'a node draws beyond its lease',
    file: leaseBook,
    from: 'if (held === undefined || !this.#drawing || amountMicros > undrawn(held)) return null;',
    to: 'if (held === undefined || !this.#drawing) return null;',
  },
  {
    breaks: 'a node goes on drawing on what it has given back',
    file: leaseBook,
    from: 'return held.grantedMicros - held.returnedMicros - held.drawnMicros;',
    to: 'return held.grantedMicros - held.drawnMicros;',
  },
  {
    breaks: 'what a fenced boot did not draw never comes back',
    file: pacingLedger,
    from: 'if (passed.size === ledger.spendShards) campaign.leases.delete(key);',
    to: 'if (passed.size > ledger.spendShards) campaign.leases.delete(key);',
  },
  {
    breaks: 'a beacon is acknowledged without a sync',
    file: 'serving/segments.ts',
    from: '      await file.sync();\n',
    to: '',
  },
  {
    breaks: 'a beacon is acknowledged before it is written',
    file: 'serving/segment-buffer.ts',
    from: '    return open.synced.promise;',
    to: '    return Promise.resolve();',
  },
  {
    breaks: 'what a boot that was killed left on disk is thrown away',
    file: 'serving/recovery.ts',
    from: 'await persist(() => options.writer.drain(batch), options);',
    to: 'void batch;',
  },
  {
    breaks: 'the drainer forgets a batch whose append failed',
    file: 'serving/drain-pump.ts',
    from: '      await persist(() => writer.drain(same), this.#options);',
    to: '      await writer.drain(same).catch(() => undefined);',
  },
  {
    breaks: 'time runs past what nodes hold back',
    file: 'streams/ticker.ts',
    from: 'const limit = lowWater(this.#watch, now);',
    to: 'const limit = now;',
  },
  {
    breaks: 'fences are written after the tick',
    file: 'streams/ticker.ts',
    from: '    const fenced = await this.#writeFences();\n    const limit = lowWater(this.#watch, now);\n    const ticked = await this.#tick(limit);',
    to: '    const limit = lowWater(this.#watch, now);\n    const ticked = await this.#tick(limit);\n    const fenced = await this.#writeFences();',
  },
  {
    breaks: 'a fence is written to one shard only',
    file: 'streams/ticker.ts',
    from: 'for (const [, fence] of unwritten) await this.#toEveryShard(fence.node, fenceRecord(fence));',
    to: "for (const [, fence] of unwritten) await this.#options.log.append('spend', [{ shard: 0, key: fence.node, value: this.#options.registry.encode('NodeFenced', { node: fence.node, boot: fence.boot, fenced_at: fence.decidedAt }) }]);",
  },
  {
    breaks: 'a fenced lease still covers what comes late',
    file: arrivals,
    from: 'return lease !== null && state.fenced.get(lease.boot)?.has(lease.node) !== true;',
    to: 'return lease !== null && state !== null;',
  },
  {
    breaks: 'the hold is left out',
    file: moves,
    from: "enter(work, selection, 'incurred', work.state.foldTime + selection.policy.holdMs);",
    to: "enter(work, selection, 'incurred', work.state.foldTime);",
  },
  {
    breaks: 'a reservation is released early',
    file: moves,
    from: "enter(work, selection, 'reserved', contentOf(selection).expires_at);",
    to: "enter(work, selection, 'reserved', contentOf(selection).expires_at - 2_000);",
  },
  {
    breaks: 'the residue of a split is not booked',
    file: 'streams/processors/final-ledger.ts',
    from: "  postTransition(post, transition, { kind, debit, credit: 'rounding', amountMicros: parts.roundingMicros });\n",
    to: '',
  },
  {
    breaks: 'a ledger whose append has an unknown outcome goes on with its state',
    file: spendShard,
    from: "  'WRONG_EXPECTED_REVISION',\n",
    to: '',
  },
  {
    breaks: 'what a crash left out of the journal stays out',
    file: 'streams/runtime/journal-mirror.ts',
    from: 'if (isBefore(from, writer.tail.next)) await this.#mirrorFrom(writer, from);',
    to: 'void from;',
  },
  {
    breaks: 'pacing is not told of releases',
    file: deltas,
    from: '        row.released.add(amountMicros);\n',
    to: '',
  },
  {
    breaks: 'a fence is told before the sums that lie before it',
    file: deltas,
    from: '      if (row.isUnsent) this.#outputs.push(this.#delta(row, offset, foldTime));\n',
    to: '',
  },
  {
    breaks: 'a lower budget takes effect although more is committed',
    file: 'streams/processors/pacing-allocator.ts',
    from: 'const total = claimed > BigInt(wanted.total_micros) ? Number(claimed) : wanted.total_micros;',
    to: 'const total = claimed < 0n ? Number(claimed) : wanted.total_micros;',
  },
  {
    breaks: 'a token is believed without its signature',
    file: 'domain/token.ts',
    from: 'if (!timingSafeEqual(sign(key, reader.slice(0, reader.end)), reader.slice(reader.end, length))) {',
    to: 'if (timingSafeEqual(sign(key, reader.slice(0, reader.end)), Buffer.alloc(32)) || length < 0) {',
  },
  {
    breaks: 'a token for clicks may tell of impressions',
    file: beacons,
    from: 'if (expiresAt !== null) return { kind: event, claims, expiresAt };',
    to: 'return { kind: event, claims, expiresAt: expiresAt ?? claims.billing.expires_at };',
  },
  {
    breaks: 'a late beacon counts',
    file: beacons,
    from: "judgement: now > expiresAt ? 'LATE' : 'ACCEPTED',",
    to: "judgement: now > expiresAt + 3_600_000 ? 'LATE' : 'ACCEPTED',",
  },
  {
    breaks: 'spend is produced to another shard than its token says',
    file: 'serving/beacon-records.ts',
    from: "return { topic: 'spend', shard: billing.shard, key: billing.selection_id, value: bytes };",
    to: "return { topic: 'spend', shard: 0, key: billing.selection_id, value: bytes };",
  },
  {
    breaks: 'a record that cannot be read stops the fold',
    file: spendShard,
    from: '        fold.skip();\n',
    to: '',
  },
  {
    breaks: 'a verdict does not take an impression out of the counts',
    file: 'streams/processors/creative-stats.ts',
    from: 'return counted[kind] && !counted.invalid ? 1 : 0;',
    to: 'return counted[kind] ? 1 : 0;',
  },
  {
    breaks: 'a person is exposed again by every repetition of an impression',
    file: 'streams/processors/frequency.ts',
    from: 'if (known.some(({ selectionId }) => selectionId === selection_id)) return false;',
    to: '',
  },
  {
    breaks: 'the second draw of a click that two nodes took is not released',
    file: moves,
    from: "  emit(work, selection, 'released', { lease, surplus: true });\n",
    to: '',
  },
  {
    breaks: 'the person is waited for however long it takes',
    file: 'serving/person.ts',
    from: 'const timer = this.#options.clock.after(allowanceMs, () => {',
    to: 'const timer = this.#options.clock.after(allowanceMs + 60_000, () => {',
  },
  {
    breaks: 'a decision mints the key of a person itself',
    file: 'serving/person.ts',
    from: 'keys.getMany([hash]),',
    to: "keys.putIfAbsent(hash, '0'.repeat(32)).then((key) => [key]),",
  },
  {
    breaks: 'the key of somebody who asked to be forgotten stays',
    file: 'streams/processors/persons.ts',
    from: "return [{ to: 'key-delete', hash }];",
    to: 'return [];',
  },
  {
    breaks: 'a sighting from before the request brings a forgotten person back',
    file: 'streams/processors/persons.ts',
    from: 'return forgottenAt !== undefined && seenAt <= forgottenAt ?',
    to: 'return forgottenAt === -1 ?',
  },
  {
    breaks: 'old code puts aside what new code wrote',
    file: 'streams/runtime/failure.ts',
    from: "const knownBad: readonly string[] = ['UNREADABLE_RECORD',",
    to: "const knownBad: readonly string[] = ['UNKNOWN_SCHEMA', 'UNREADABLE_RECORD',",
  },
  {
    breaks: 'new code writes what old code cannot read while both run',
    file: 'adapters/avro/wire-codec.ts',
    from: 'const isHeldBack = number > ceiling;',
    to: 'const isHeldBack = ceiling < 0;',
  },
  {
    breaks: 'an older record is read as if it were of the newest shape',
    file: 'adapters/avro/wire-codec.ts',
    from: 'if (newest.id === id) return',
    to: 'if (newest.id >= id) return',
  },
  {
    breaks: 'the sink goes on after an insert that failed',
    file: 'streams/processors/warehouse-sink.ts',
    from: 'await this.#alone(() => this.#retrying(() => insertRows(this.#options.warehouse, rows, name)));',
    to: 'await this.#alone(() => insertRows(this.#options.warehouse, rows, name).catch(() => undefined));',
  },
  {
    breaks: 'what a crash took from the warehouse is not looked for',
    file: 'streams/processors/warehouse-repair.ts',
    from: 'checks.filter(({ missing }) => missing > 0)',
    to: 'checks.filter(({ missing }) => missing < 0)',
  },
  {
    breaks: 'copies of rows stay in the warehouse',
    file: 'streams/processors/warehouse-repair.ts',
    from: 'checks.filter(({ duplicates }) => duplicates > 0)',
    to: 'checks.filter(({ duplicates }) => duplicates < 0)',
  },
  {
    breaks: 'reconciliation names a cause that was not',
    file: 'reconcile/recount.ts',
    from: "VCPM: 'not_viewable', CPC: 'not_clicked',",
    to: "VCPM: 'not_viewable', CPC: 'not_rendered',",
  },
  {
    breaks: 'reconciliation is silent on what was taken back',
    file: 'reconcile/recount.ts',
    from: "if (standing.reversed > adjusted) add('reversed',",
    to: "if (standing.reversed < adjusted) add('reversed',",
  },
];
