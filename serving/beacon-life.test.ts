import { expect, test } from 'vitest';
import { kindExpiry, verifyToken } from '../domain/token.ts';
import { indexOf, inputOf, inventory, issueAll, issuerDeps, noon, supply, worldOf } from '../test/decision-world.ts';
import { selectedRecord } from './issue.ts';

const key = issuerDeps().signingKey();
const keys = new Map([[key.id, key]]);

test.each([
  [5_000, 5_000],
  [86_400_000, 1_800_000],
  [undefined, 1_800_000],
])('a client that asks for beacons of %s ms gets %s ms, in token, answer and evidence', (asked, lifeMs) => {
  const world = worldOf(indexOf([...inventory(1), ...supply(1)]));
  const input = inputOf(world, { body: { beacon_life_ms: asked } });
  const [ad] = issueAll(world, input);
  if (ad === undefined) throw new Error('there was no ad');
  const token = (ad.decision.beacons.impression ?? '').split('/').at(-1) as string;
  expect(kindExpiry(verifyToken(token, keys, noon), 'impression')).toBe(noon + lifeMs);
  expect(ad.decision.expires_at).toBe(new Date(noon + lifeMs).toISOString());
  expect(selectedRecord(ad, { input, views: [] }).impression_expires_at).toBe(noon + lifeMs);
  // D and the skew: for so long a beacon that was taken in time may be on its way.
  expect(ad.billing.expires_at).toBe(noon + lifeMs + 62_000);
});
