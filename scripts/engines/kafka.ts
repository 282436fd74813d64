import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Engine, type EnginePlace, freePort, untilListening } from './engine.ts';
import { fetchJars, type Jars, jarFolder, javaMissing } from './maven.ts';

const jars: Jars = { name: 'kafka', pom: new URL('kafka-pom.xml', import.meta.url) };

/** Apache Kafka, one node that is broker and controller (KRaft). Its answers come sooner than a real cluster's; its rules are the same. */
export const kafkaEngine: Engine = {
  name: 'kafka',
  variable: 'LOG_URL',
  prepare: async (say) => javaMissing() ?? (await fetchJars(jars, say)),
  launch: launchKafka,
};

async function launchKafka({ folder, port }: EnginePlace): Promise<{ pid: number; url: string }> {
  const properties = join(folder, 'server.properties');
  const isNew = !existsSync(properties);
  if (isNew) writeFileSync(properties, serverProperties(join(folder, 'data'), port, await freePort()));
  const logging = join(folder, 'log4j2.properties');
  writeFileSync(logging, loggingProperties);
  if (isNew) format(folder, properties);
  const out = openSync(join(folder, 'server.log'), 'a');
  const broker = spawn('java', [...javaOptions(logging), 'kafka.Kafka', properties], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', out, out],
  });
  const { pid } = broker;
  if (pid === undefined) throw new Error('java could not be started');
  try {
    await untilListening(port, () => broker.exitCode === null && broker.signalCode === null);
  } catch (error) {
    broker.kill('SIGKILL');
    const tail = readFileSync(join(folder, 'server.log'), 'utf8').slice(-2000);
    throw new Error(`Kafka did not start:\n${tail}`, { cause: error });
  }
  broker.unref();
  return { pid, url: `kafka://127.0.0.1:${port}?replication=1` };
}

function format(folder: string, properties: string): void {
  mkdirSync(join(folder, 'data'), { recursive: true });
  const clusterId = randomBytes(16).toString('base64url').replace(/^-/, 'a');
  const options = [...javaOptions(join(folder, 'log4j2.properties')), 'kafka.tools.StorageTool'];
  const formatted = spawnSync('java', [...options, 'format', '-t', clusterId, '-c', properties], { encoding: 'utf8' });
  if (formatted.status !== 0)
    throw new Error(`Kafka's storage was not formatted: ${formatted.stderr || formatted.stdout}`);
}

function javaOptions(logging: string): string[] {
  // One compiler tier and the serial collector: a small broker starts in half the time and takes half the memory.
  const tuning = ['-Xms128m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];
  return [...tuning, `-Dlog4j2.configurationFile=${logging}`, '-cp', join(jarFolder(jars), '*')];
}

function serverProperties(data: string, port: number, controllerPort: number): string {
  const properties: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': data,
    'auto.create.topics.enable': false,
    'default.replication.factor': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    // Groups settle at once, and a dead member of a test is missed soon.
    // A broker that was killed comes back as soon as the controller, which is itself, has given up on its former life.
    'broker.heartbeat.interval.ms': 300,
    'broker.session.timeout.ms': 1500,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 500,
    'log.retention.check.interval.ms': 1000,
    'log.initial.task.delay.ms': 1000,
    'num.network.threads': 2,
    'num.io.threads': 3,
    'log.cleaner.enable': false,
    // Hundreds of small shards: no 10 MB of index for each.
    'log.index.size.max.bytes': 65_536,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

const loggingProperties = `status = off
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %m (%c)%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
`;
