import { describe, expect, test } from 'vitest';
import { createSimulatedClock } from '../../adapters/simulated/clock.ts';
import { createSimulatedDisk } from '../../adapters/simulated/disk.ts';
import { createSimulatedLog } from '../../adapters/simulated/event-log.ts';
import { createSeededRandom } from '../../adapters/simulated/random.ts';
import { modelKey, modelSigner } from '../../domain/model-seal.ts';
import type { ModelPublished } from '../../domain/records.ts';
import { indexOf, inventory, supply } from '../../test/decision-world.ts';
import { signedModel, testSigner } from '../../test/model-world.ts';
import { topicShards } from '../../test/topic-shards.ts';
import { latestModels, ModelDesk } from './model-desk.ts';
import { ModelKeys, openModelSigner } from './model-keys.ts';

const folder = '/secrets';

async function world() {
  const random = createSeededRandom(4);
  const disk = createSimulatedDisk({ random });
  const keys = { disk, folder, clock: createSimulatedClock(), random };
  const signer = await openModelSigner(keys);
  const index = indexOf([...inventory(1), ...supply(1, { lineItem: { pricing_model: 'CPC' } }), ...supply(2)]);
  const desk = new ModelDesk({ keys: new ModelKeys(keys), models: index.models, index, slice: 100 });
  const offer = async (...models: ModelPublished[]) => {
    for (const model of models) desk.offer(model);
    await desk.advance();
    for (let times = 0; times < 2; times += 1) await desk.advance();
    return index.models.current?.version ?? 0;
  };
  return { disk, keys, signer, index, desk, offer };
}

describe('models that are offered', () => {
  test('take over if a known key signed them; of several at once the newest does', async () => {
    const { signer, offer, desk } = await world();
    expect(await offer(signedModel({ signer }), signedModel({ signer, version: 2 }))).toBe(2);
    expect(await offer(signedModel({ signer, version: 3 }))).toBe(3);
    expect([desk.accepted, desk.refused.size]).toEqual([2, 0]);
  });

  test.each<[string, (good: ModelPublished) => ModelPublished]>([
    ['digest', (good) => ({ ...good, click_weights: Buffer.from([1, 2]) })],
    ['digest', (good) => ({ ...good, published_at: good.published_at + 1 })],
    ['unknown_key', (good) => ({ ...good, key_id: 'other' })],
    ['signature', (good) => ({ ...good, signature: forgedSignature(good) })],
    ['signature', (good) => ({ ...good, signature: Buffer.alloc(64, 1).toString('base64') })],
    ['signature', (good) => ({ ...good, signature: '' })],
    ['version', (good) => ({ ...good, version: 1 })],
    ['features', (good) => ({ ...good, features: 2 })],
  ])('are refused for their %s, and the last good one stays', async (reason, spoil) => {
    const { signer, offer, desk } = await world();
    await offer(signedModel({ signer }));
    const good = signedModel({ signer, version: 2 });
    expect(await offer(spoil(good))).toBe(1);
    expect([...desk.refused]).toEqual([[reason, 1]]);
    expect(await offer(good)).toBe(2);
  });

  test('that are signed but can’t be read are refused as well', async () => {
    const { signer, offer, desk } = await world();
    expect(await offer(signedModel({ signer, click_calibration: [5, 4] }))).toBe(0);
    expect([...desk.refused]).toEqual([['unreadable', 1]]);
  });

  test('leave the one before in place when the newest of them is spoiled', async () => {
    const { signer, offer } = await world();
    const spoiled = { ...signedModel({ signer, version: 3 }), clicks: 7 };
    expect(await offer(signedModel({ signer, version: 2 }), spoiled)).toBe(2);
  });

  test('of a key that was made after the node started are believed', async () => {
    const { disk, offer, keys } = await world();
    for (const name of await disk.list(folder)) await disk.remove(`${folder}/${name}`);
    const signer = await openModelSigner(keys);
    expect(await offer(signedModel({ signer }))).toBe(1);
  });

  test('take over only once every bound was raised to what they allow', async () => {
    const { signer, index, keys } = await world();
    const slow = new ModelDesk({ keys: new ModelKeys(keys), models: index.models, index, slice: 1 });
    expect(slow.models.current).toBeNull();
    slow.offer(signedModel({ signer }));
    await slow.advance();
    expect([slow.models.current, slow.models.newest?.version]).toEqual([null, 1]);
    for (let slot = 0; slot < index.slots; slot += 1) await slow.advance();
    expect(slow.models.current?.version).toBe(1);
  });
});

/** Of another key under the same name. */
function forgedSignature({ key_id, digest }: ModelPublished): string {
  return modelSigner(key_id, Buffer.alloc(32, 9)).sign(digest);
}

describe('the keys of models', () => {
  test('are made once, and are the same after a power loss', async () => {
    const { disk, keys, signer } = await world();
    disk.crash();
    const again = await openModelSigner(keys);
    expect([again.keyId, again.sign('x')]).toEqual([signer.keyId, signer.sign('x')]);
    expect((await disk.list(folder)).toSorted()).toEqual([
      `model-key-${signer.keyId}.json`,
      `model-key-${signer.keyId}.pub.json`,
    ]);
  });

  test('need their public half alone where models are only read', async () => {
    const { disk, keys, signer } = await world();
    await disk.remove(`${folder}/model-key-${signer.keyId}.json`);
    const known = new ModelKeys(keys);
    await known.reload();
    expect(known.get(signer.keyId)).not.toBeNull();
    expect(known.get(testSigner.keyId)).toBeNull();
  });

  test('that are damaged are an error, not another key', async () => {
    const { disk, keys, signer } = await world();
    await disk.replace(`${folder}/model-key-${signer.keyId}.json`, Buffer.from('{"id":'));
    await expect(openModelSigner(keys)).rejects.toMatchObject({ code: 'UNREADABLE_RECORD' });
  });
});

test('models are followed from a few versions back, however many examples lie between', async () => {
  const clock = createSimulatedClock();
  const log = createSimulatedLog({ shards: topicShards(2) }).open({ clock, name: 'p' });
  expect(await latestModels(log)).toBe(0);
  const of = (key: string) => ({ shard: 0, key, value: Buffer.from('x') });
  for (let version = 1; version <= 9; version += 1) {
    const examples = Array.from({ length: 30 }, () => of('shard-1'));
    await log.append('models', [...examples, of(modelKey(version))]);
  }
  // The fifth from the end is version 5: behind 5 times 30 examples and 4 versions.
  expect(await latestModels(log)).toBe(5 * 30 + 4);
  await log.append(
    'models',
    Array.from({ length: 200 }, () => of('shard-1')),
  );
  expect(await latestModels(log)).toBe(5 * 30 + 4);
});
