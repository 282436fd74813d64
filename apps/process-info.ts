import { readFileSync } from 'node:fs';
import { Gauge, type Registry } from 'prom-client';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};
const startedSeconds = Math.round(Date.now() / 1_000 - process.uptime());

/** Adds since when this process runs, and which version, to its metrics. */
export function addProcessInfo(registry: Registry): void {
  const name = 'adtally_process_started_seconds';
  const help = 'Since when the process runs, Unix seconds, by version of the build; of several workers the first';
  const gauge = new Gauge({ name, help, labelNames: ['version'], aggregator: 'min', registers: [registry] });
  gauge.set({ version }, startedSeconds);
}
