import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedLedgerIndex, openEmbeddedLedgerIndex } from '../adapters/embedded/ledger-index-store.ts';
import { createSimulatedDisk } from '../adapters/simulated/disk.ts';
import { createSimulatedLog } from '../adapters/simulated/event-log.ts';
import { createSeededRandom } from '../adapters/simulated/random.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { type ModelSigner, modelKey, modelSigner } from '../domain/model-seal.ts';
import type { ModelPublished } from '../domain/records.ts';
import { catchUpEvents } from '../ledger/index/follow-events.ts';
import { ModelKeys, openModelSigner } from '../serving/prediction/model-keys.ts';
import { signedModel } from '../test/model-world.ts';
import { registry } from '../test/serving-world.ts';
import { makeTemporaryFolder } from '../test/temporary-folder.ts';
import { topicShards } from '../test/topic-shards.ts';
import { RecordedModels } from './recorded-models.ts';

describe('The models in the log', () => {
  const clock = createSystemClock();
  let folder: ReturnType<typeof makeTemporaryFolder>;
  let index: EmbeddedLedgerIndex;
  let log: ReturnType<ReturnType<typeof createSimulatedLog>['open']>;
  let models: RecordedModels;
  let signer: ModelSigner;

  beforeEach(async () => {
    folder = makeTemporaryFolder();
    index = await openEmbeddedLedgerIndex({ folder: folder.path, clock });
    log = createSimulatedLog({ shards: topicShards(4) }).open({ clock, name: 'console' });
    const random = createSeededRandom(1);
    const keys = { disk: createSimulatedDisk({ random }), folder: '/secrets', clock, random };
    signer = await openModelSigner(keys);
    models = new RecordedModels({ log, registry, events: index.events, keys: new ModelKeys(keys) });
  });
  afterEach(async () => {
    await index.ledgers.close();
    await log.close();
    folder.remove();
  });

  async function append(...records: readonly ModelPublished[]): Promise<void> {
    await log.append(
      'models',
      records.map((value) => ({
        shard: 0,
        key: modelKey(value.version),
        value: registry.encode('ModelPublished', value),
      })),
    );
    await catchUpEvents({ log, events: index.events });
  }

  it('are found by their version, with what was published of them', async () => {
    const published = [1, 2].map((version) => signedModel({ signer, version, published_at: version * 10 }));
    await append(...published);
    const [first, second] = [await models.at(1), await models.at(2)];
    expect([first?.record.digest, second?.record.digest]).toEqual(published.map(({ digest }) => digest));
    expect([first?.version, second?.version]).toEqual([1, 2]);
  });

  it('are those that serving took: forged ones of the same version are passed over, before and behind', async () => {
    const good = signedModel({ signer, clicks: 20 });
    const other = modelSigner(signer.keyId, Buffer.alloc(32, 9));
    await append(signedModel({ signer: other, clicks: 1 }), { ...good, clicks: 2 }, good, { ...good, clicks: 3 });
    expect((await models.at(1))?.record.clicks).toBe(20);
  });

  it('are null where the log has none of that version, or none that can be believed', async () => {
    await append(signedModel({ signer: modelSigner('gone', Buffer.alloc(32, 9)) }));
    expect([await models.at(1), await models.at(2)]).toEqual([null, null]);
  });
});
