import type { ClickhouseServerTask } from '../processes/clickhouse-server.ts';
import { type RemoteProcess, startProcess } from '../processes/remote-process.ts';
import { makeTemporaryFolder } from '../temporary-folder.ts';
import { analystProfile } from './access-profile.ts';

/** A ClickHouse server in a process of its own, over the embedded engine. */
export interface TestServer {
  readonly url: string;
  /** As the analysts' user. */
  readonly analystUrl: string;
  /** The next insert is carried out, and its answer lost. */
  loseAnswer(): Promise<void>;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Again, on the same port and data. */
  start(): Promise<void>;
  remove(): Promise<void>;
}

const analyst = { name: 'adtally_analyst', password: 'p@ss:word/1' };

export async function startClickhouse(): Promise<TestServer> {
  const folder = makeTemporaryFolder();
  const task = (port: number): ClickhouseServerTask => ({
    path: folder.path,
    port,
    users: [{ ...analyst, profile: analystProfile() }],
  });
  let running: RemoteProcess<{ port: number }> = startProcess('clickhouse-server.ts', task(0));
  const { port } = await running.next();
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    analystUrl: `http://${analyst.name}:${encodeURIComponent(analyst.password)}@127.0.0.1:${port}/adtally`,
    async loseAnswer() {
      await fetch(`${url}/-/lose-answers`, { method: 'POST' });
    },
    kill: () => running.kill(),
    async start() {
      running = startProcess('clickhouse-server.ts', task(port));
      await running.next();
    },
    async remove() {
      await running.kill();
      folder.remove();
    },
  };
}
