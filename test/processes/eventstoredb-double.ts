import { join } from 'node:path';
import { EventStoreDbDouble } from '../eventstoredb-double/double.ts';
import { taskOfThisProcess } from './remote-process.ts';

/** The double as a process of its own, on a port, with its file in a folder, until it is ended. */
const { folder, port } = taskOfThisProcess<{ folder: string; port: number }>();
const double = await EventStoreDbDouble.start({ port, file: join(folder, 'events.jsonl') });
process.send?.(double.leader.port);
