import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Engine, type EnginePlace, engineCache, lock, untilListening } from './engine.ts';
import { javaMissing } from './maven.ts';

/** The last version that runs on Java 17, whole in one archive. */
const artifact = { group: 'io.apicurio', name: 'apicurio-registry-app', version: '3.0.9', kind: 'tar.gz:all' };
/** Later versions of the plugin want the archive's parent, which was never published. */
const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:2.8';

/** Apicurio Registry, asked by Confluent's REST API; its schemas are in a file of H2. */
export const schemaRegistryEngine: Engine = {
  name: 'schema-registry',
  variable: 'SCHEMA_REGISTRY_URL',
  prepare: async (say) => javaMissing() ?? (await fetchRegistry(say)),
  launch: launchRegistry,
};

function registryFolder(): string {
  return join(engineCache(), 'jars', `${artifact.name}-${artifact.version}`);
}

async function fetchRegistry(say: (line: string) => void): Promise<string | null> {
  const folder = registryFolder();
  if (existsSync(folder)) return null;
  mkdirSync(join(folder, '..'), { recursive: true });
  const unlock = await lock(`${folder}.lock`);
  try {
    return existsSync(folder) ? null : download(folder, say);
  } finally {
    unlock();
  }
}

function download(folder: string, say: (line: string) => void): string | null {
  if (spawnSync('mvn', ['-version']).status !== 0) return 'there is no `mvn` to download it with';
  say('schema-registry: downloading it (about 110 MB, once)');
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  const coordinates = `${artifact.group}:${artifact.name}:${artifact.version}:${artifact.kind}`;
  const goal = [`${plugin}:copy`, `-Dartifact=${coordinates}`, `-DoutputDirectory=${partial}`];
  const { status, stdout } = spawnSync('mvn', ['-B', '-q', ...goal], { encoding: 'utf8' });
  if (status !== 0) {
    const line = stdout.split('\n').find((one) => one.startsWith('[ERROR]'));
    return `Maven could not bring it: ${line?.replaceAll(/https?:\/\/\S+/g, '…') ?? `exit ${status}`}`;
  }
  const archive = join(partial, `${artifact.name}-${artifact.version}-all.tar.gz`);
  const unpacked = spawnSync('tar', ['-xzf', archive, '-C', partial], { encoding: 'utf8' });
  if (unpacked.status !== 0) return `its archive could not be unpacked: ${unpacked.stderr}`;
  rmSync(archive);
  renameSync(partial, folder);
  return null;
}

async function launchRegistry({ folder, port }: EnginePlace): Promise<{ pid: number; url: string }> {
  const out = openSync(join(folder, 'server.log'), 'a');
  const jar = join(registryFolder(), `${artifact.name}-${artifact.version}-runner.jar`);
  const registry = spawn('java', [...javaOptions(folder, port), '-jar', jar], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', out, out],
  });
  const { pid } = registry;
  if (pid === undefined) throw new Error('java could not be started');
  try {
    await untilListening(port, () => registry.exitCode === null && registry.signalCode === null);
  } catch (error) {
    registry.kill('SIGKILL');
    const tail = readFileSync(join(folder, 'server.log'), 'utf8').slice(-2000);
    throw new Error(`The schema registry did not start:\n${tail}`, { cause: error });
  }
  registry.unref();
  return { pid, url: `http://127.0.0.1:${port}/apis/ccompat/v7` };
}

function javaOptions(folder: string, port: number): string[] {
  // One compiler tier and the serial collector: it starts sooner and takes less memory.
  const tuning = ['-Xms64m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];
  return [
    ...tuning,
    '-Dquarkus.http.host=127.0.0.1',
    `-Dquarkus.http.port=${port}`,
    '-Dquarkus.log.level=WARN',
    `-Dapicurio.datasource.url=jdbc:h2:file:${join(folder, 'registry')}`,
  ];
}
