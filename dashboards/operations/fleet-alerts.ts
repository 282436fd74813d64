import { formatTime } from '../../domain/time-text.ts';
import type { Alert } from '../overview/alerts.ts';
import type { FleetProcess } from './fleet-watch.ts';
import { shardWork } from './shard-work.ts';

/** What the processes themselves give cause to look at. Names as Prometheus has them. */
export function fleetAlerts(processes: readonly FleetProcess[], shardsOf: (processor: string) => number): Alert[] {
  const down = processes
    .filter(({ isUp }) => !isUp)
    .map(({ name, sinceMs }) => wrong('ProcessDown', `${name} does not answer since ${timeOfDay(sinceMs)} UTC.`));
  const failed = shardWork(processes, shardsOf).flatMap(({ processor, shard, owners }) =>
    owners
      .filter(({ status }) => status === 'failed')
      .map(({ process, code }) =>
        wrong('ShardFailed', `${processor} has stopped on shard ${shard} in ${process}: ${code}.`),
      ),
  );
  const fenced = processes
    .filter(({ samples }) => samples.some(({ name, value }) => name === 'adtally_boot_fenced' && value === 1))
    .map(({ name }) => wrong('BootFenced', `Others have ended the boot of ${name}.`));
  return [...down, ...failed, ...fenced];
}

function timeOfDay(ms: number): string {
  return formatTime(ms).slice(11, 19);
}

function wrong(name: string, sentence: string): Alert {
  return { level: 'wrong', name, sentence };
}
