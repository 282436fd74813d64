import { type BrokerSecurity, brokerAccess } from './broker-access.ts';
import { asLogFailure } from './failures.ts';
import { adminOf } from './topic-checks.ts';

export interface WatchedGroup extends BrokerSecurity {
  /** As of the log's topics. */
  readonly prefix: string;
  readonly group: string;
}

/** `rebalancing`: its shards are being divided anew. */
export type GroupState = 'stable' | 'rebalancing' | 'nobody';

/** How the members of a group stand, as the brokers see it. Error: `LOG_UNAVAILABLE`. */
export async function readGroupState({ prefix, group, ...access }: WatchedGroup): Promise<GroupState> {
  const admin = adminOf(brokerAccess(access));
  try {
    await admin.connect();
    const { groups } = await admin.describeGroups([`${prefix}.${group}.members`]);
    const state = groups[0]?.state ?? 'Empty';
    if (state === 'Stable') return 'stable';
    return state === 'PreparingRebalance' || state === 'CompletingRebalance' ? 'rebalancing' : 'nobody';
  } catch (error) {
    throw asLogFailure(error);
  } finally {
    await admin.disconnect();
  }
}
