import { join } from 'node:path';
import type { Settings } from '../config/settings.ts';
import type { Disk } from '../ports/disk.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import type { Clock } from '../ports/clock.ts';
import type { CatalogIndex } from '../serving/catalog-index.ts';
import { persist } from '../serving/drain-pump.ts';
import { LogTail } from '../serving/log-tail.ts';
import { latestModels, ModelDesk } from '../serving/prediction/model-desk.ts';
import { ModelKeys } from '../serving/prediction/model-keys.ts';

export interface FollowedModelParts {
  readonly settings: Settings;
  readonly disk: Disk;
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
  readonly clock: Clock;
  readonly index: CatalogIndex;
  readonly onFatal: (error: unknown) => void;
  readonly onTrouble: (error: unknown) => void;
}

/** Line items whose bounds are worked out again at every mark. */
const boundsSlice = 4_000;

/** Folder of the keys that sign models. */
export function modelKeysFolder({ modelKeysDir, dataDir }: Settings): string {
  return modelKeysDir === '' ? join(dataDir, 'secrets') : modelKeysDir;
}

/** Follows the versions of the model, for one serving process; null if it is switched off. */
export async function followModels(
  parts: FollowedModelParts,
): Promise<{ readonly desk: ModelDesk; readonly tail: LogTail } | null> {
  const { settings, disk, log, registry, clock, index, onFatal, onTrouble } = parts;
  if (settings.clickModel === 'off') return null;
  const keys = new ModelKeys({ disk, folder: modelKeysFolder(settings) });
  const desk = new ModelDesk({ keys, models: index.models, index, slice: boundsSlice });
  const tail = new LogTail({
    log,
    registry,
    clock,
    topic: 'models',
    from: [await persist(() => latestModels(log), { clock, onRetry: onTrouble })],
    apply: (record) => {
      if (record?.name === 'ModelPublished') desk.offer(record.value);
    },
    onTrouble,
  });
  tail.run().catch(onFatal);
  return { desk, tail };
}
