import type { EventLog } from '../../ports/event-log.ts';
import type { Acknowledged, RemoteWriter } from '../../ports/event-log.contract.ts';
import type { RemoteMember } from '../../ports/event-log-groups.contract.ts';
import { type RemoteProcess, report } from './remote-process.ts';

export type LogTask =
  | { readonly kind: 'write'; readonly name: string; readonly batch: number }
  | { readonly kind: 'join'; readonly group: string };

export type LogMessage =
  | { readonly kind: 'appended'; readonly acknowledged: readonly Acknowledged[] }
  | { readonly kind: 'assigned' | 'revoked'; readonly shards: readonly number[] };

/** In the remote process: does the task until it is killed. */
export async function performLogTask(log: EventLog, task: LogTask): Promise<void> {
  if (task.kind === 'write') return writeForEver(log, task);
  // Neither a membership nor an unread channel keeps a process alive by itself.
  process.channel?.ref();
  await log.join(task.group, {
    topics: ['spend'],
    onAssigned: (shards) => report({ kind: 'assigned', shards } satisfies LogMessage),
    onRevoked: (shards) => report({ kind: 'revoked', shards } satisfies LogMessage),
  });
}

async function writeForEver(log: EventLog, { name, batch }: { name: string; batch: number }): Promise<never> {
  const value = new Uint8Array(600);
  for (let written = 0; ; written += batch) {
    const records = Array.from({ length: batch }, (_, i) => ({ shard: i % 4, key: `${name}${written + i}`, value }));
    const offsets = await log.append('spend', records);
    const acknowledged = records.map(({ shard, key }, i) => ({ shard, key, offset: offsets[i] ?? Number.NaN }));
    await report({ kind: 'appended', acknowledged } satisfies LogMessage);
  }
}

/** In the test: how the suites see such a process. */
export function asWriter(remote: RemoteProcess<LogMessage>): RemoteWriter {
  return {
    acknowledged: () => remote.messages.flatMap((one) => (one.kind === 'appended' ? one.acknowledged : [])),
    kill: () => remote.kill(),
  };
}

export function asMember(remote: RemoteProcess<LogMessage>): RemoteMember {
  const shardsOf = (kind: 'assigned' | 'revoked') =>
    remote.messages.flatMap((one) => (one.kind !== 'appended' && one.kind === kind ? [one.shards] : []));
  return {
    owned: () => shardsOf('assigned').at(-1) ?? [],
    revoked: () => shardsOf('revoked').flat(),
    pause: () => remote.pause(),
    resume: () => remote.resume(),
    kill: () => remote.kill(),
  };
}
