import { readableRecord } from '../dashboards/readable.ts';
import { modelKey, sealFault } from '../domain/model-seal.ts';
import type { EventIndex } from '../ports/event-index.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import { BoundedCache } from '../serving/bounded-cache.ts';
import type { ModelKeys } from '../serving/prediction/model-keys.ts';
import { ServedModel } from '../serving/prediction/served-model.ts';

export interface RecordedModelsParts {
  readonly log: Pick<EventLog, 'read'>;
  readonly registry: SchemaRegistry;
  /** Indexed up to the end of `models`. */
  readonly events: EventIndex;
  readonly keys: ModelKeys;
}

/** A version takes some megabytes. */
const modelsKept = 8;

/** The models that decisions were made with, from the log: the first record of a version that a known key signed, which is what serving took. */
export class RecordedModels {
  readonly #parts: RecordedModelsParts;
  readonly #models = new BoundedCache<number, ServedModel>(modelsKept);

  constructor(parts: RecordedModelsParts) {
    this.#parts = parts;
  }

  /** Null if the log does not hold that version, or nobody can say any more who signed it. */
  async at(version: number): Promise<ServedModel | null> {
    const known = this.#models.get(version);
    if (known !== undefined) return known;
    const { log, registry, events, keys } = this.#parts;
    await keys.reload();
    for (const { topic, shard, offset } of await events.eventsOf(modelKey(version))) {
      if (topic !== 'models') continue;
      const [found] = await log.read(topic, shard, offset, 1);
      const record = found === undefined ? null : readableRecord(registry, found.value);
      if (record?.name !== 'ModelPublished' || record.value.version !== version) continue;
      if (sealFault(record.value, (keyId) => keys.get(keyId)) !== null) continue;
      const model = new ServedModel(record.value);
      this.#models.set(version, model);
      return model;
    }
    return null;
  }
}
