import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { type Engine, type EnginePlace, untilListening } from './engine.ts';

/** What stands for EventStoreDB where no server can be had: the tests' double, as a process with a file. It survives its process, not power loss of a cluster. */
export const eventStoreDbDoubleEngine: Engine = {
  name: 'eventstoredb-double',
  variable: 'LEDGER_URL',
  prepare: async () => null,
  launch,
};

async function launch({ folder, port }: EnginePlace): Promise<{ pid: number; url: string }> {
  const program = new URL('../../test/processes/eventstoredb-double.ts', import.meta.url).pathname;
  const out = openSync(join(folder, 'server.log'), 'a');
  const server = spawn(process.execPath, [program, JSON.stringify({ folder, port })], {
    detached: true,
    stdio: ['ignore', out, out],
  });
  const { pid } = server;
  if (pid === undefined) throw new Error('node could not be started');
  await untilListening(port, () => server.exitCode === null && server.signalCode === null);
  server.unref();
  return { pid, url: `esdb://127.0.0.1:${port}?tls=false` };
}
