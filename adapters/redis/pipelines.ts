import { Cluster, Command, type Redis } from 'ioredis';

/** One command on one key: `args` holds everything after the name, the key included. */
export interface RedisCall {
  readonly key: string;
  readonly name: string;
  readonly args: readonly (string | Buffer)[];
}

/** What Redis answered: bytes, a number or nothing; or why it did not. */
export type RedisReply = Buffer | number | null | Error;

/** Sends all calls at once and gives back their replies in order. Calls on one key are carried out in their order. */
export function sendAll(client: Redis | Cluster, calls: readonly RedisCall[]): Promise<readonly RedisReply[]> {
  return client instanceof Cluster ? sendOverNodes(client, calls) : sendTo(client, calls);
}

async function sendTo(redis: Redis, calls: readonly RedisCall[]): Promise<readonly RedisReply[]> {
  const pipeline = redis.pipeline();
  for (const { name, args } of calls) pipeline.callBuffer(name, ...args);
  const results = (await pipeline.exec()) ?? [];
  return results.map(([error, reply]) => error ?? (reply as Buffer | number | null));
}

/** One pipeline a node, all at the same time; what a node could not do goes once more, each call by itself, to where the cluster points. */
async function sendOverNodes(cluster: Cluster, calls: readonly RedisCall[]): Promise<readonly RedisReply[]> {
  const replies: RedisReply[] = calls.map(() => new Error('the slot has no node'));
  const pipelines = Array.from(groupByNode(cluster, calls), async ([node, places]) => {
    const answered = await sendTo(
      node,
      places.flatMap((place) => calls[place] ?? []),
    );
    for (const [i, place] of places.entries()) replies[place] = answered[i] ?? null;
  });
  await Promise.all(pipelines);
  const stragglers = calls.map(async (call, place) => {
    const reply = replies[place];
    if (reply instanceof Error && isElsewhere(reply)) replies[place] = await sendAlone(cluster, call);
  });
  await Promise.all(stragglers);
  return replies;
}

/** @returns for each master the places of its calls; calls whose master is not known are in none */
function groupByNode(cluster: Cluster, calls: readonly RedisCall[]): Map<Redis, number[]> {
  const masters = new Map(cluster.nodes('master').map((node) => [`${node.options.host}:${node.options.port}`, node]));
  const groups = new Map<Redis, number[]>();
  for (const [place, { key }] of calls.entries()) {
    const node = masters.get(cluster.slots[slotOf(key)]?.[0] ?? '');
    if (node === undefined) continue;
    const group = groups.get(node);
    if (group === undefined) groups.set(node, [place]);
    else group.push(place);
  }
  return groups;
}

function slotOf(key: string): number {
  return new Command('get', [key]).getSlot();
}

/** The client follows redirections of single commands, and learns from them where the slots are now. */
async function sendAlone(cluster: Cluster, { name, args }: RedisCall): Promise<RedisReply> {
  try {
    return (await cluster.callBuffer(name, ...args)) as Buffer | number | null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Whether another node may do what this one did not: the slot has moved, or the node is gone. A word of the server's own is an answer. */
function isElsewhere(error: Error): boolean {
  return error.name !== 'ReplyError' || /^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN|READONLY|MASTERDOWN)\b/.test(error.message);
}
