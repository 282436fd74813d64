import { spawnSync } from 'node:child_process';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';

/** The server that the double stands for. Another one can be tried: `EVENTSTOREDB_IMAGE`. */
const image = process.env['EVENTSTOREDB_IMAGE'] || 'eventstore/eventstore:23.10.2-jammy';
const port = 2113;
const askMs = 5_000;

/** Why no real EventStoreDB can be started here, or null. Nothing is downloaded for it. */
export function containerMissing(): string | null {
  const docker = (...args: string[]) => spawnSync('docker', args, { timeout: askMs, stdio: 'ignore' }).status === 0;
  if (!docker('version')) return 'Docker does not answer';
  return docker('image', 'inspect', image) ? null : `Docker has no image ${image}`;
}

let container: Promise<StartedTestContainer> | undefined;

/** `host:port` of a real EventStoreDB, started once for the process; the container ends with it. */
export async function realEventStoreDb(): Promise<string> {
  container ??= new GenericContainer(image)
    .withEnvironment({ EVENTSTORE_INSECURE: 'true', EVENTSTORE_MEM_DB: 'true', EVENTSTORE_RUN_PROJECTIONS: 'None' })
    .withExposedPorts(port)
    .withWaitStrategy(Wait.forHttp('/health/live', port).forStatusCode(204))
    .start();
  const started = await container;
  return `${started.getHost()}:${started.getMappedPort(port)}`;
}
