import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, resolve } from 'node:path';
import { deriveLimits } from '../../config/limits.ts';
import { readSettings, type Settings } from '../../config/settings.ts';
import { Wire } from '../../simulate/wire.ts';
import { pidFile, readPids } from '../supervisor.ts';
import { type Finding, note, sentenceOf, well, wrong } from './finding.ts';

const leastNodeMajor = 24;
const giga = 1024 ** 3;
/** Below this the engines soon can't write; below the second they can't now. */
const scarceBytes = 2 * giga;
const exhaustedBytes = 200 * 1024 ** 2;

export function checkProcess(): Finding {
  const major = Number.parseInt(process.versions.node, 10);
  const detail = `Node ${process.versions.node} on ${process.platform} ${process.arch}`;
  if (major >= leastNodeMajor) return well('node', detail);
  return wrong('node', detail, `Adtally needs Node ${leastNodeMajor}: run it by npx adtally after npm ci`);
}

export function checkSettings(env: NodeJS.ProcessEnv): Finding[] {
  try {
    const settings = readSettings(env);
    const { windowClosesMs } = deriveLimits(settings);
    const holds = `hold ${settings.holdMs / 1000} s, a window closes ${windowClosesMs / 1000} s after its end`;
    return [well('settings', `${holds}, ${settings.shards} shards, data in ${resolve(settings.dataDir)}`)];
  } catch (error) {
    return [wrong('settings', sentenceOf(error), 'correct the environment variable; the README lists them all')];
  }
}

/** Free space, and whether it can be written to, where the data are or will be. */
export function checkDisk(dataDir: string): Finding[] {
  let folder = resolve(dataDir);
  while (!existsSync(folder)) folder = dirname(folder);
  if (!statSync(folder).isDirectory()) {
    return [wrong('disk', `${folder} is no folder`, 'set DATA_DIR to a folder, or to one that can be made')];
  }
  try {
    accessSync(folder, constants.W_OK);
  } catch (error) {
    return [wrong('disk', sentenceOf(error), `let this user write to ${folder}, or set DATA_DIR to another folder`)];
  }
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const detail = `${(free / giga).toFixed(1)} GiB free at ${folder}`;
  if (free < exhaustedBytes) return [wrong('disk', detail, 'make room: serving ends when it can no longer sync')];
  if (free < scarceBytes) return [note('disk', detail, 'make room soon: the log only ever grows')];
  return [well('disk', detail)];
}

const clockSampleMs = 250;
const clockToleranceMs = 20;
const buildYear = 2026;

/** Whether the wall clock runs as fast as the monotonic one and stands in a believable year. */
export async function checkClock(): Promise<Finding> {
  const [wall, steady] = [Date.now(), performance.now()];
  await new Promise((settle) => setTimeout(settle, clockSampleMs));
  const driftMs = Date.now() - wall - (performance.now() - steady);
  const now = new Date().toISOString();
  if (new Date().getUTCFullYear() < buildYear) {
    return wrong('clock', `${now} is before this version was made`, 'set the clock of the machine (NTP)');
  }
  if (Math.abs(driftMs) <= clockToleranceMs) return well('clock', now);
  const detail = `${now}; it moved by ${driftMs.toFixed(0)} ms against the steady clock within ${clockSampleMs} ms`;
  return note('clock', detail, 'something steps the clock: let NTP slew it');
}

/** What runs on the data directory now, and whether it is ready. */
export async function checkRunning(settings: Settings): Promise<{ findings: Finding[]; isRunning: boolean }> {
  const file = pidFile(settings.dataDir);
  let pids: ReturnType<typeof readPids>;
  try {
    pids = readPids(settings.dataDir);
  } catch (error) {
    const finding = wrong('processes', `${file}: ${sentenceOf(error)}`, 'delete the file; the next start writes it');
    return { findings: [finding], isRunning: false };
  }
  const alive = Object.entries(pids).filter(([, pid]) => isAlive(pid));
  if (alive.length === 0) return { findings: [note('processes', 'the platform does not run')], isRunning: false };
  const names = alive.map(([name, pid]) => `${name} ${pid}`).join(', ');
  const findings = [well('processes', names)];
  const sides = [
    ['serve', settings.serveHost, settings.servePort],
    ['console', settings.consoleHost, settings.consolePort],
  ] as const;
  for (const [name, host, port] of sides) findings.push(await checkReady(name, `http://${host}:${port}/readyz`));
  return { findings, isRunning: true };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function checkReady(name: string, url: string): Promise<Finding> {
  const wire = new Wire();
  const { status, body } = await wire.send({ method: 'GET', url, headers: {}, from: null });
  await wire.close();
  if (status === 200) return well(name, `ready at ${url}`);
  if (status === 0) {
    const advice = 'is it on another port (SERVE_PORT, CONSOLE_PORT)? Its own lines say why if it keeps ending';
    return note(name, `nothing answers at ${url}`, advice);
  }
  return wrong(name, `${status} ${body.slice(0, 300)}`, 'the failing check above names what it waits for');
}

/** Whether the ports are free for the next start. */
export async function checkPorts(settings: Settings): Promise<Finding[]> {
  const { serveHost, servePort, consoleHost, consolePort } = settings;
  return [
    await checkPort('SERVE_PORT', serveHost, servePort),
    await checkPort('CONSOLE_PORT', consoleHost, consolePort),
  ];
}

async function checkPort(variable: string, host: string, port: number): Promise<Finding> {
  const probe = createServer();
  try {
    await new Promise<void>((settle, reject) => probe.once('error', reject).listen(port, host, settle));
  } catch (error) {
    return wrong(variable, `${host}:${port}: ${sentenceOf(error)}`, `end what listens there, or set ${variable}`);
  }
  await new Promise<void>((settle) => probe.close(() => settle()));
  return well(variable, `${host}:${port} is free`);
}
