import { shardOf } from '../../domain/identity.ts';
import type { EventLog, LogRecord, NewRecord } from '../../ports/event-log.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import type { PacingOutput } from '../processors/pacing-deltas.ts';
import type { Refusal } from '../processors/spend-lifecycle-state.ts';
import { quarantined } from './quarantine.ts';

/** A record of `spend` and why it, or a part of what it asks, was not believed. */
export interface RefusedSpend extends Refusal {
  readonly source: LogRecord;
}

export function refusedRecords(refused: readonly RefusedSpend[], registry: SchemaRegistry, now: number): NewRecord[] {
  return refused.map((one) => quarantined({ ...one, processor: 'spend-lifecycle', at: now }, registry));
}

/** Deltas go to the shard of their campaign; a fence passed goes to every shard. */
export function pacingRecords(outputs: readonly PacingOutput[], log: EventLog, registry: SchemaRegistry): NewRecord[] {
  const shards = log.shards('pacing');
  return outputs.flatMap((output) => {
    if (output.name === 'SpendDelta') {
      const key = output.value.campaign_id;
      return [{ shard: shardOf(key, shards), key, value: registry.encode('SpendDelta', output.value) }];
    }
    const { node, boot } = output.value;
    const value = registry.encode('FencePassed', output.value);
    return Array.from({ length: shards }, (_, shard) => ({ shard, key: `${node}/${boot}`, value }));
  });
}
