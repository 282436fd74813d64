import { processName } from '../../adapters/embedded/process-liveness.ts';
import { report } from './remote-process.ts';

process.channel?.ref();
await report(processName());
