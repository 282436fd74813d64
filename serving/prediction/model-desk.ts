import { featuresVersion } from '../../domain/click-features.ts';
import { isAdtallyError } from '../../domain/errors.ts';
import { isUuid } from '../../domain/identity.ts';
import { type SealFault, sealFault } from '../../domain/model-seal.ts';
import type { ModelPublished } from '../../domain/records.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { ModelKeys } from './model-keys.ts';
import type { BoundedSlots, ModelSwitch } from './model-switch.ts';
import { ServedModel } from './served-model.ts';

/** Why a model was not taken: not newer than the one that serves, of other features, not what a known key signed, or not a model. */
export type ModelRefusal = SealFault | 'version' | 'features' | 'unreadable';

export interface ModelDeskOptions {
  readonly keys: ModelKeys;
  readonly models: ModelSwitch;
  readonly index: BoundedSlots;
  /** Slots whose bounds are worked out again at a time. */
  readonly slice: number;
}

/** Takes models as they come, believes those that a known key signed, and lets them take over. Of any other the last good one stays. */
export class ModelDesk {
  readonly #options: ModelDeskOptions;
  /** In the order of the log. */
  #offered: ModelPublished[] = [];
  #judging = false;
  accepted = 0;
  readonly refused = new Map<ModelRefusal, number>();

  constructor(options: ModelDeskOptions) {
    this.#options = options;
  }

  get models(): ModelSwitch {
    return this.#options.models;
  }

  offer(model: ModelPublished): void {
    this.#offered.push(model);
  }

  /** To be called every so often, apart from any request. Does nothing while the call before is at work. */
  async advance(): Promise<void> {
    const { models, index, slice } = this.#options;
    models.advance(index, slice);
    if (this.#judging || this.#offered.length === 0) return;
    this.#judging = true;
    try {
      await this.#judgeOffered();
    } finally {
      this.#judging = false;
    }
  }

  async #judgeOffered(): Promise<void> {
    const { keys } = this.#options;
    const offered = this.#offered;
    this.#offered = [];
    if (offered.some(({ key_id }) => keys.get(key_id) === null)) await keys.reload();
    // The newest that is good: those before it would not be used for long.
    for (const model of offered.toReversed()) {
      const refusal = this.#take(model);
      if (refusal !== null) this.refused.set(refusal, (this.refused.get(refusal) ?? 0) + 1);
      else break;
    }
  }

  #take(model: ModelPublished): ModelRefusal | null {
    const { keys, models } = this.#options;
    if (model.version <= (models.newest?.version ?? 0)) return 'version';
    if (model.features !== featuresVersion) return 'features';
    const fault = sealFault(model, (keyId) => keys.get(keyId));
    if (fault !== null) return fault;
    try {
      models.take(new ServedModel(model));
    } catch (error) {
      if (!isAdtallyError(error, 'UNREADABLE_RECORD')) throw error;
      return 'unreadable';
    }
    this.accepted += 1;
    return null;
  }
}

const pageRecords = 50;
/** Versions that are looked back over, should the last ones not be good. */
const versionsBack = 5;
/** So far back a version is not worth looking for: there would be several a day. */
const mostPages = 200;

/** Offset in `models` from which to follow it: a few versions back. Records of versions are those with a UUID for a key. */
export async function latestModels(log: Pick<EventLog, 'read' | 'bounds'>): Promise<number> {
  const { first, next } = await log.bounds('models', 0);
  let [end, found, from] = [next, 0, next];
  for (let page = 0; page < mostPages && end > first && found < versionsBack; page += 1) {
    const start = Math.max(first, end - pageRecords);
    for (const { key, offset } of (await log.read('models', 0, start, end - start)).toReversed()) {
      if (!isUuid(key) || found === versionsBack) continue;
      found += 1;
      from = offset;
    }
    end = start;
  }
  return from;
}
