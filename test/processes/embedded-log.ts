import { type EmbeddedEventLogOptions, openEmbeddedEventLog } from '../../adapters/embedded/event-log.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { type LogTask, performLogTask } from './log-tasks.ts';
import { taskOfThisProcess } from './remote-process.ts';

const { log, task } = taskOfThisProcess<{ log: Omit<EmbeddedEventLogOptions, 'clock'>; task: LogTask }>();
await performLogTask(await openEmbeddedEventLog({ ...log, clock: createSystemClock() }), task);
