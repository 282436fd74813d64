import { AdtallyError } from '../../domain/errors.ts';
import { type LedgerTruth, ledgerTruths } from '../../ports/ledger-index.ts';
import { ledgerStream } from '../batch.ts';

/** A ledger stream: one shard of one of the two ledgers. */
export interface LedgerStreamName {
  readonly stream: string;
  readonly truth: LedgerTruth;
  readonly shard: number;
}

/** The streams of some truths, in the order of truths and shards. */
export function ledgerStreams(shards: number, truths: readonly LedgerTruth[] = ledgerTruths): LedgerStreamName[] {
  return truths.flatMap((truth) =>
    Array.from({ length: shards }, (_, shard) => ({ stream: ledgerStream(truth, shard), truth, shard })),
  );
}

/** Takes a name apart. Error: `INVARIANT_BROKEN` if it is not one of a ledger stream. */
export function streamOf(stream: string): LedgerStreamName {
  const [, truth, shard] = /^(tentative|final)-(0|[1-9][0-9]*)$/.exec(stream) ?? [];
  if (truth === undefined) throw new AdtallyError('INVARIANT_BROKEN', `${stream} is no ledger stream`);
  return { stream, truth: truth as LedgerTruth, shard: Number(shard) };
}
