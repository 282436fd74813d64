import type { CreativePublished } from '../domain/records.ts';
import type { IssuedAd } from '../serving/issue.ts';
import { indexOf, inputOf, inventory, issueAll, supply, worldOf } from './decision-world.ts';

/** The ad of a placement that takes nothing but the one creative: decided, signed and rendered as it is for a client. */
export function issuedCreative(changes: Partial<CreativePublished>): IssuedAd {
  const { format = 'banner' } = changes;
  const index = indexOf([...inventory(1, { placement: { formats: [format] } }), ...supply(1, { creative: changes })]);
  const world = worldOf(index);
  const [ad] = issueAll(world, inputOf(world));
  if (ad === undefined) throw new Error('there was no ad');
  return ad;
}
