import { describe, expect, it } from 'vitest';
import { createSimulatedClock } from '../adapters/simulated/clock.ts';
import { createSimulatedDisk } from '../adapters/simulated/disk.ts';
import { createSeededRandom } from '../adapters/simulated/random.ts';
import { verifyToken } from '../domain/token.ts';
import { sampleBilling, sampleToken } from '../test/serving-world.ts';
import { TokenKeys, type TokenKeysOptions } from './token-keys.ts';

const verifiesMs = 86_400_000;

function world() {
  const clock = createSimulatedClock();
  const random = createSeededRandom(9);
  const disk = createSimulatedDisk({ random });
  const options: TokenKeysOptions = { disk, clock, random, folder: '/secrets', verifiesMs };
  return { clock, disk, options };
}

describe('Token keys', () => {
  it('are the same after a restart, even after a power loss', async () => {
    const { disk, options } = world();
    const before = (await TokenKeys.open(options)).current();
    disk.crash();
    expect((await TokenKeys.open(options)).current()).toEqual(before);
  });

  it('that two nodes make at once are both known to both', async () => {
    const { options } = world();
    const [a, b] = await Promise.all([TokenKeys.open(options), TokenKeys.open(options)]);
    await Promise.all([a.reload(), b.reload()]);
    expect([...a.all().keys()].toSorted()).toEqual([...b.all().keys()].toSorted());
    expect(a.current().id).toBe(b.current().id);
  });

  it('sign with the new one after a rotation, and verify with the old until its longest token and the buffer bound are over', async () => {
    const { clock, options } = world();
    const keys = await TokenKeys.open(options);
    const token = sampleToken(sampleBilling(), keys.current());
    await clock.advance(60_000);
    const old = keys.current().id;
    const rotatedAt = clock.now();
    const next = await keys.rotate();
    expect(next.id).not.toBe(old);
    await clock.advance(2_000);
    expect(keys.current()).toEqual(next);
    expect(verifyToken(token, keys.all(), rotatedAt + verifiesMs).keyId).toBe(old);
    expect(() => verifyToken(token, keys.all(), rotatedAt + 2 * verifiesMs)).toThrow('no longer verifies');
  });

  it('sign only once every node that meets their tokens knows them or may ask, so that no genuine token is refused', async () => {
    const { clock, options } = world();
    const [a, b] = [await TokenKeys.open(options), await TokenKeys.open(options)];
    await clock.advance(10_000);
    await b.reload(); // somebody has named an unknown key; b asks no more for a second
    const next = await a.rotate();
    for (let passedMs = 0; passedMs < 3_000; passedMs += 100) {
      await clock.advance(100);
      expect(b.all().has(a.current().id) || b.mayHaveMore()).toBe(true);
    }
    expect(a.current()).toEqual(next);
    await b.reload();
    expect(b.current().id).toBe(next.id);
  });

  it('are waited for by every token that comes while the folder is being read', async () => {
    const { clock, options } = world();
    const keys = await TokenKeys.open(options);
    await clock.advance(1_000);
    const reading = keys.reload();
    expect(keys.mayHaveMore()).toBe(true);
    expect(keys.reload()).toBe(reading);
    await reading;
    expect(keys.mayHaveMore()).toBe(false);
  });

  it('that verify nothing any more are removed', async () => {
    const { clock, disk, options } = world();
    const keys = await TokenKeys.open(options);
    await clock.advance(1_000);
    await keys.rotate();
    await clock.advance(3 * verifiesMs);
    await keys.reload();
    expect((await disk.list('/secrets')).length).toBe(1);
  });

  it('are looked for again at most once a second, however many unknown ones are named', async () => {
    const { clock, options } = world();
    const keys = await TokenKeys.open(options);
    expect(keys.mayHaveMore()).toBe(false);
    await clock.advance(1_000);
    expect(keys.mayHaveMore()).toBe(true);
    await keys.reload();
    expect(keys.mayHaveMore()).toBe(false);
  });

  it.each(['', '{}', 'null', '{"id":"a","secret":"AA==","created_at":1}', '{"id":"../x","secret":"","created_at":1}'])(
    'that are damaged are named, never replaced: %s',
    async (content) => {
      const { disk, options } = world();
      await disk.makeFolder('/secrets');
      await disk.replace('/secrets/token-key-bad.json', Buffer.from(content));
      await expect(TokenKeys.open(options)).rejects.toMatchObject({
        code: 'UNREADABLE_RECORD',
        message: expect.stringContaining('token-key-bad.json'),
      });
    },
  );
});
