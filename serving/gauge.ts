import { Gauge, type Registry } from 'prom-client';

export interface GaugeNames {
  readonly name: string;
  readonly help: string;
  /** What the workers of one port make together. Default: their sum. */
  readonly of?: 'sum' | 'max' | 'min';
}

/** A gauge that is read when somebody scrapes. */
export function addGauge(registry: Registry, { name, help, of = 'sum' }: GaugeNames, read: () => number): void {
  new Gauge({
    name,
    help,
    aggregator: of,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}
