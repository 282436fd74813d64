import type { LeaseFold } from './lease-book.ts';
import { LogTail, type LogTailOptions } from './log-tail.ts';

/** Follows every shard of `pacing` into the lease book. Deltas, by far the most of it, are the allocator's business: skipped undecoded. */
export function followPacing(
  leases: LeaseFold,
  options: Pick<LogTailOptions, 'log' | 'registry' | 'clock' | 'onTrouble'>,
): LogTail {
  const { registry } = options;
  return new LogTail({
    ...options,
    topic: 'pacing',
    from: leases.views().map(({ revision }) => revision),
    skip: new Set([
      registry.schemaId('SpendDelta'),
      registry.schemaId('FencePassed'),
      registry.schemaId('LeaseReturned'),
    ]),
    apply: (record, { shard, offset }) => leases.apply(record, shard, offset),
  });
}
