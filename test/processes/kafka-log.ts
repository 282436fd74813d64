import { type KafkaEventLogOptions, openKafkaEventLog } from '../../adapters/kafka/event-log.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { type LogTask, performLogTask } from './log-tasks.ts';
import { taskOfThisProcess } from './remote-process.ts';

const { log, task } = taskOfThisProcess<{ log: Omit<KafkaEventLogOptions, 'clock'>; task: LogTask }>();
await performLogTask(await openKafkaEventLog({ ...log, clock: createSystemClock() }), task);
