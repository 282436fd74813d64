import type { Quarantined } from '../../domain/records.ts';
import type { LogRecord, NewRecord } from '../../ports/event-log.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';

export interface Refused {
  readonly source: LogRecord;
  readonly code: string;
  readonly reason: string;
  readonly processor: string;
  readonly at: number;
}

const maxBytes = 4096;

/** The record for topic `quarantine` (one shard) that keeps what was refused, and why. */
export function quarantined(refused: Refused, registry: SchemaRegistry): NewRecord {
  const { source } = refused;
  const value: Quarantined = {
    source_topic: source.topic,
    source_shard: source.shard,
    source_offset: source.offset,
    source_key: source.key,
    code: refused.code,
    reason: refused.reason,
    processor: refused.processor,
    bytes: source.value.subarray(0, maxBytes),
    origin: null,
    quarantined_at: refused.at,
  };
  return { shard: 0, key: source.key, value: registry.encode('Quarantined', value) };
}
