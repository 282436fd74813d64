import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Engine, type EnginePlace, freePort, untilListening } from './engine.ts';
import { fetchJars, type Jars, jarFolder, javaMissing } from './maven.ts';

const jars: Jars = { name: 'kafka', pom: new URL('kafka-pom.xml', import.meta.url) };

/** A broker that speaks to clients by TLS only, and only to this user. */
export interface KafkaSecurity {
  /** PEM: the key of `localhost`, and its certificate. */
  readonly keyAndCertFile: string;
  readonly mechanism: 'plain' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

/** A proxy before the broker. */
export interface Advertised {
  readonly host: string;
  readonly port: number;
}

/** Apache Kafka, one node that is broker and controller (KRaft). Its answers come sooner than a real cluster's; its rules are the same. */
export const kafkaEngine: Engine = createKafka(null);

/**
 * @param security null: anybody of this machine may speak to it
 * @param advertised where clients are told to find it, if that is not where it listens
 */
export function createKafka(security: KafkaSecurity | null, advertised: Advertised | null = null): Engine {
  return {
    name: 'kafka',
    variable: 'LOG_URL',
    prepare: async (say) => javaMissing() ?? (await fetchJars(jars, say)),
    launch: (place) => launchKafka(place, security, advertised),
  };
}

async function launchKafka(
  { folder, port }: EnginePlace,
  security: KafkaSecurity | null,
  advertised: Advertised | null,
): Promise<{ pid: number; url: string }> {
  const properties = join(folder, 'server.properties');
  const isNew = !existsSync(properties);
  if (isNew) {
    const listeners = security ? await securedListeners(port, security) : await plainListeners(port, advertised);
    writeFileSync(properties, serverProperties(join(folder, 'data'), listeners));
  }
  const logging = join(folder, 'log4j2.properties');
  writeFileSync(logging, loggingProperties);
  if (isNew) format(folder, properties, security);
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
  const host = security ? 'localhost' : '127.0.0.1';
  return { pid, url: `kafka://${host}:${port}?replication=1` };
}

function format(folder: string, properties: string, security: KafkaSecurity | null): void {
  mkdirSync(join(folder, 'data'), { recursive: true });
  const clusterId = randomBytes(16).toString('base64url').replace(/^-/, 'a');
  const options = [...javaOptions(join(folder, 'log4j2.properties')), 'kafka.tools.StorageTool'];
  const users =
    security?.mechanism === 'scram-sha-512'
      ? ['--add-scram', `SCRAM-SHA-512=[name=${security.username},password=${security.password}]`]
      : [];
  const formatted = spawnSync('java', [...options, 'format', '-t', clusterId, '-c', properties, ...users], {
    encoding: 'utf8',
  });
  if (formatted.status !== 0)
    throw new Error(`Kafka's storage was not formatted: ${formatted.stderr || formatted.stdout}`);
}

function javaOptions(logging: string): string[] {
  // One compiler tier and the serial collector: a small broker starts in half the time and takes half the memory.
  const tuning = ['-Xms128m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];
  return [...tuning, `-Dlog4j2.configurationFile=${logging}`, '-cp', join(jarFolder(jars), '*')];
}

type Properties = Readonly<Record<string, string | number | boolean>>;

async function plainListeners(port: number, advertised: Advertised | null): Promise<Properties> {
  const controllerPort = await freePort();
  const toldHost = `${advertised?.host ?? '127.0.0.1'}:${advertised?.port ?? port}`;
  return {
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${toldHost}`,
  };
}

async function securedListeners(
  port: number,
  { keyAndCertFile, mechanism, username, password }: KafkaSecurity,
): Promise<Properties> {
  const [controllerPort, plainPort] = [await freePort(), await freePort()];
  const module =
    mechanism === 'plain'
      ? `plain.PlainLoginModule required user_${username}="${password}";`
      : 'scram.ScramLoginModule required;';
  return {
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `SASL_SSL://127.0.0.1:${port},PLAINTEXT://127.0.0.1:${plainPort},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `SASL_SSL://localhost:${port},PLAINTEXT://127.0.0.1:${plainPort}`,
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': keyAndCertFile,
    'sasl.enabled.mechanisms': mechanism.toUpperCase(),
    [`listener.name.sasl_ssl.${mechanism}.sasl.jaas.config`]: `org.apache.kafka.common.security.${module}`,
  };
}

function serverProperties(data: string, listeners: Properties): string {
  const properties: Properties = {
    ...listeners,
    'process.roles': 'broker,controller',
    'node.id': 1,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL',
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
