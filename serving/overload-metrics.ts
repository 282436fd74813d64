import { Counter, type Registry } from 'prom-client';
import { loadZones } from '../domain/deadline-policy.ts';
import type { FloodGate } from './flood-gate.ts';
import { addGauge } from './gauge.ts';
import type { Overload } from './overload.ts';

/** Load, what was shed because of it and what that was worth, and what floods were refused. */
export function addOverload(registry: Registry, overload: Overload, gate: FloodGate): void {
  const registers = [registry];
  addGauge(
    registry,
    { name: 'adtally_load', help: 'Load; 1 is as much as can be done', of: 'max' },
    () => overload.load,
  );
  addGauge(registry, { name: 'adtally_load_zone', help: '0 calm, 1 degrade, 2 shed', of: 'max' }, () =>
    loadZones.indexOf(overload.zone),
  );
  addGauge(
    registry,
    { name: 'adtally_admitted_ratio', help: 'Share of the requests that is taken while requests are shed', of: 'min' },
    () => overload.admitted,
  );
  new Counter({
    name: 'adtally_shedding_total',
    help: 'Decision requests while there was shedding: taken as the most valuable, taken of the rest, shed',
    labelNames: ['outcome'],
    registers,
    collect() {
      this.reset();
      const { top, taken, shed } = overload.counts;
      for (const [outcome, count] of Object.entries({ top, taken, shed })) this.inc({ outcome }, count);
    },
  });
  new Counter({
    name: 'adtally_shed_micros_total',
    help: 'What the requests that were shed were expected to earn, micros by currency',
    labelNames: ['currency'],
    registers,
    collect() {
      this.reset();
      for (const [currency, micros] of overload.counts.shedMicros) this.inc({ currency }, micros);
    },
  });
  new Counter({
    name: 'adtally_flood_refused_total',
    help: 'Connections and requests refused because their address or key had too many',
    labelNames: ['what'],
    registers,
    collect() {
      this.reset();
      for (const [what, count] of Object.entries(gate.counts)) this.inc({ what }, count);
    },
  });
}
