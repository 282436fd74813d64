import type { Server } from 'node:net';
import type { Registry } from 'prom-client';
import { addGauge } from '../serving/gauge.ts';

/** Adds what could not be told to the other serving processes. */
export function addSharedMetrics(registry: Registry, shared: { readonly lost: number }): void {
  const help = 'Selections that other serving processes could not be told of: so many caps may be missed';
  addGauge(registry, { name: 'adtally_shared_selections_lost', help }, () => shared.lost);
}

/** Adds how many connections are open. */
export function addConnections(registry: Registry, server: Pick<Server, 'on'>): void {
  let open = 0;
  server.on('connection', (socket) => {
    open += 1;
    socket.once('close', () => (open -= 1));
  });
  addGauge(registry, { name: 'adtally_connections', help: 'Connections that are open on the public side' }, () => open);
}
