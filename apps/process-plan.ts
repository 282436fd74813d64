import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { MetricsTarget, Settings } from '../config/settings.ts';
import { AdtallyError } from '../domain/errors.ts';
import type { ProcessKind, SupervisedProcess } from './supervisor.ts';

/** How many processes of a kind. Several of `streams` share the engines and nothing else: each has a folder of its own, as on machines of their own. */
export interface Scale {
  readonly serve: number;
  readonly streams: number;
}

/** A process with what answers once it is ready. */
export interface PlannedProcess extends SupervisedProcess {
  /** Base of its side, without a slash at the end. */
  readonly url: string;
  /** Answers 200 once it is ready; a streams process that has a shard to show to somebody is up all the same. */
  readonly readyUrl: string;
}

interface Side {
  readonly name: string;
  readonly kind: ProcessKind;
  /** From 1 on among those of its kind. */
  readonly nth: number;
  readonly host: string;
  readonly port: number;
}

/** Variables of the settings that hold the ports, by kind of process. */
const portVariables = { streams: 'STREAMS_PORT', console: 'CONSOLE_PORT', serve: 'SERVE_PORT' } as const;
const nodeNameLength = 12;

/**
 * The processes of a platform with all ports settled before anything starts: 0 becomes one that is free, and a taken one is said at once.
 * Error: `BAD_SETTING`.
 */
export async function planProcesses(
  settings: Settings,
  { serve, streams }: Scale,
  env: NodeJS.ProcessEnv & { readonly DATA_DIR: string },
): Promise<readonly PlannedProcess[]> {
  const { serveHost, servePort, consoleHost, consolePort, streamsPort, nodeName } = settings;
  const sides = [
    ...sidesOf('streams', streams, { host: consoleHost, port: streamsPort }),
    ...sidesOf('console', 1, { host: consoleHost, port: consolePort }),
    ...sidesOf('serve', serve, { host: serveHost, port: servePort }),
  ];
  const ports = await claimPorts(sides);
  const firstServePort = ports[streams + 1];
  const watched = sides.flatMap(({ name, kind, host }, index) =>
    kind === 'console' ? [] : [watchedAt(name, host, ports[index] ?? 0)],
  );
  return sides.map(({ name, kind, nth, host }, index) => {
    const own: NodeJS.ProcessEnv = { SERVE_PORT: String(firstServePort), [portVariables[kind]]: String(ports[index]) };
    if (kind === 'console') own['METRICS_TARGETS'] = env['METRICS_TARGETS'] || watched.join();
    if (kind === 'streams' && streams > 1) {
      own['DATA_DIR'] = join(env.DATA_DIR, name);
      own['MODEL_KEYS_DIR'] = env['MODEL_KEYS_DIR'] || join(env.DATA_DIR, 'secrets');
    }
    if (kind === 'serve' && serve > 1) own['NODE_NAME'] = `${nodeName.slice(0, nodeNameLength - 3)}-${nth}`;
    const url = `http://${host}:${ports[index]}`;
    return {
      name,
      kind,
      env: { ...env, ...own },
      url,
      readyUrl: `${url}/${kind === 'streams' ? 'healthz' : 'readyz'}`,
    };
  });
}

/** A target of METRICS_TARGETS; who listens on every address is asked on this machine's own. */
function watchedAt(name: string, host: string, port: number): string {
  return `${name}=http://${reachableHost(host)}:${port}`;
}

/** Where a side is asked that listens on a host. */
export function reachableHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

/** What the console watches if nothing is said: the sides whose ports the settings give. */
export function usualTargets(settings: Settings): readonly MetricsTarget[] {
  const { metricsTargets, serveHost, servePort, consoleHost, streamsPort } = settings;
  if (metricsTargets.length > 0) return metricsTargets;
  const sides = [
    { kind: 'serve', host: serveHost, port: servePort },
    { kind: 'streams', host: consoleHost, port: streamsPort },
  ] as const;
  return sides
    .filter(({ port }) => port !== 0)
    .map(({ kind, host, port }) => ({ name: kind, kind, url: `http://${reachableHost(host)}:${port}` }));
}

/** The first takes the port of the settings, the others any that is free. */
function sidesOf(kind: ProcessKind, count: number, at: { readonly host: string; readonly port: number }): Side[] {
  return Array.from({ length: count }, (_, index) => {
    const nth = index + 1;
    return { name: count === 1 ? kind : `${kind}-${nth}`, kind, nth, host: at.host, port: nth === 1 ? at.port : 0 };
  });
}

/** All are held until the last is claimed, so that none is given twice. */
async function claimPorts(sides: readonly Side[]): Promise<readonly number[]> {
  const probes: Server[] = [];
  try {
    const ports: number[] = [];
    for (const side of sides) {
      const probe = await hold(side);
      probes.push(probe);
      const address = probe.address();
      ports.push(address === null || typeof address === 'string' ? side.port : address.port);
    }
    return ports;
  } finally {
    await Promise.all(probes.map((probe) => new Promise<void>((settle) => probe.close(() => settle()))));
  }
}

async function hold({ kind, host, port }: Side): Promise<Server> {
  const probe = createServer();
  try {
    await new Promise<void>((settle, reject) => probe.once('error', reject).listen(port, host, settle));
    return probe;
  } catch (cause) {
    const sentence = `${portVariables[kind]}: ${host}:${port} can't be used (${String(cause)}); is Adtally running already?`;
    throw new AdtallyError('BAD_SETTING', sentence, { cause });
  }
}
