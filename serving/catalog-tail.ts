import type { AnyRecord } from '../domain/records.ts';
import { LogTail, type LogTailOptions } from './log-tail.ts';

/** What keeps the catalogue in memory. */
export interface CatalogFold {
  apply(record: AnyRecord, offset: number): unknown;
}

/** Follows the one shard of `catalog` from its beginning. */
export function followCatalog(
  fold: CatalogFold,
  options: Pick<LogTailOptions, 'log' | 'registry' | 'clock' | 'onTrouble'>,
): LogTail {
  return new LogTail({
    ...options,
    topic: 'catalog',
    from: [0],
    apply: (record, { offset }) => {
      if (record !== null) fold.apply(record, offset);
    },
  });
}
