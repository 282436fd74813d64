import { join } from 'node:path';
import { type Engine, engineCache } from './engine.ts';
import { eventStoreDbDoubleEngine } from './eventstoredb-double.ts';
import { kafkaEngine } from './kafka.ts';
import { redisKeysEngine, redisViewsEngine } from './redis.ts';
import { schemaRegistryEngine } from './schema-registry.ts';

/** Every engine that `npm run engines:up` starts. */
export const engines: readonly Engine[] = [
  kafkaEngine,
  redisViewsEngine,
  redisKeysEngine,
  schemaRegistryEngine,
  eventStoreDbDoubleEngine,
];

/** Where `npm run engines:up` keeps an engine and its data. */
export function upFolder(engine: Engine): string {
  return join(engineCache(), 'up', engine.name);
}
