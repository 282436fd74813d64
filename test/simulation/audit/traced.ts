import { namedSpanId, traceIdOf } from '../../../domain/trace-context.ts';
import { readBatch } from '../../../ledger/batch.ts';
import type { RecordingTracer } from '../../recording-tracer.ts';
import { registry } from '../releases.ts';
import type { World } from '../world.ts';

/**
 * From every entry of a traced ad its spans lead to the request that the ad was chosen for, whatever crashed, was repeated or went to another owner meanwhile; and
 * nothing that was told again was told differently. Entries of ads that no node chose (records that mischief made up) have no request.
 */
export async function checkTraces({ engines, plan, story }: World, tracer: RecordingTracer): Promise<number> {
  const ledger = engines.ledger.open();
  let checked = 0;
  for (const stream of ['tentative', 'final'].flatMap((truth) =>
    Array.from({ length: plan.shards }, (_, shard) => `${truth}-${shard}`),
  )) {
    for (const event of await ledger.readForwards(stream, 0, Number.MAX_SAFE_INTEGER)) {
      for (const { source_offset, ordinal, selection_id: id, kind } of readBatch(event, registry).entries) {
        if (!story.issued.has(id) || !tracer.samples(id)) continue;
        const path = tracer.pathOf({
          traceId: traceIdOf(id),
          spanId: namedSpanId(`${stream}/${source_offset}.${ordinal}`),
        });
        checked += 1;
        const isWhole = path[0]?.endsWith(` ${kind}`) && path.at(-1) === 'root' && isRequest(path.at(-2));
        if (!isWhole) story.complain(`${stream} ${source_offset}.${ordinal} of ${id} is traced ${path.join(' < ')}`);
      }
    }
  }
  for (const contradiction of tracer.contradictions) story.complain(`a span was told differently: ${contradiction}`);
  return checked;
}

function isRequest(name: string | undefined): boolean {
  return name === 'decision' || name === 'selection';
}
