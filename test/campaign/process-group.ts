import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nodeFlags } from '../../apps/node-flags.ts';
import type { ProcessKind } from '../../apps/supervisor.ts';

/** A process of the platform as the campaign starts it. */
export interface PlannedMember {
  readonly name: string;
  readonly kind: ProcessKind;
  readonly env: Readonly<Record<string, string>>;
  /** Answers 200 once it is ready. */
  readonly readyUrl: string;
  /** A command before that of Node, e.g. to enter a network of its own. */
  readonly wrapper?: readonly string[];
  /** Folder of the code that it runs; omitted: this one. */
  readonly home?: string;
}

interface Member extends PlannedMember {
  env: Readonly<Record<string, string>>;
  home: string;
  child: ChildProcess | null;
  starts: number;
  /** Its next end was asked for. */
  isDoomed: boolean;
  timer: NodeJS.Timeout | null;
}

const house = resolve(import.meta.dirname, '../..');
const restartDelayMs = 100;
/** After an end that nobody asked for, so that what keeps a process from starting does not cost the machine. */
const mournMs = 1_000;
const lookMs = 40;
const stopMs = 15_000;
const recoveredWithinMs = 90_000;

/** Processes that are started again as soon as they end, however that was, until the group is stopped. */
export class ProcessGroup {
  /** Ends that nobody asked for, in sentences. */
  readonly unasked: string[] = [];
  readonly #members: readonly Member[];
  readonly #lines: WriteStream;
  #stopping = false;

  constructor(planned: readonly PlannedMember[], logFile: string) {
    const down = { child: null, starts: 0, isDoomed: false, timer: null };
    this.#members = planned.map((one) => ({ home: house, ...one, ...down }));
    this.#lines = createWriteStream(logFile, { flags: 'a' });
    for (const member of this.#members) this.#launch(member);
  }

  names(kind?: ProcessKind): readonly string[] {
    return this.#members.filter((one) => kind === undefined || one.kind === kind).map(({ name }) => name);
  }

  /** Null while it is down. */
  pid(name: string): number | null {
    return this.#member(name).child?.pid ?? null;
  }

  /** How often it was started. */
  starts(name: string): number {
    return this.#member(name).starts;
  }

  /** Sends a signal if it runs. @returns whether it did. SIGKILL and SIGTERM are ends that were asked for. */
  signal(name: string, signal: NodeJS.Signals): boolean {
    const member = this.#member(name);
    if (member.child?.pid === undefined) return false;
    if (signal === 'SIGKILL' || signal === 'SIGTERM') member.isDoomed = true;
    return member.child.kill(signal);
  }

  /**
   * `kill -9`, if it runs: else null. The promise resolves with the ms until its successor was ready; with null if that was ended before, or did
   * not become ready in time.
   */
  kill(name: string): { readonly recovered: Promise<number | null> } | null {
    const starts = this.starts(name);
    return this.signal(name, 'SIGKILL') ? { recovered: this.#recovery(name, starts) } : null;
  }

  /** Whenever it is started next, it runs the code of this folder, with these settings besides its own. */
  upgrade(name: string, home: string, env: Readonly<Record<string, string>>): void {
    const member = this.#member(name);
    member.home = home;
    member.env = { ...member.env, ...env };
  }

  /** Resolves once it has been started more often than this, or the group is stopped. */
  async untilStarted(name: string, starts: number): Promise<void> {
    while (this.#member(name).starts <= starts && !this.#stopping) await pause(lookMs);
  }

  /** Resolves once it answers. Error: it does not in time. */
  async untilReady(name: string, withinMs: number): Promise<void> {
    const { readyUrl } = this.#member(name);
    for (const until = Date.now() + withinMs; !(await answers(readyUrl)); await pause(lookMs)) {
      if (Date.now() > until) throw new Error(`${name} was not ready after ${withinMs} ms`);
    }
  }

  async #recovery(name: string, starts: number): Promise<number | null> {
    const killedAt = Date.now();
    await this.untilStarted(name, starts);
    const { readyUrl } = this.#member(name);
    const isInPeace = () => this.starts(name) === starts + 1 && !this.#stopping;
    for (const until = killedAt + recoveredWithinMs; isInPeace() && Date.now() < until; await pause(lookMs)) {
      if (await answers(readyUrl)) return isInPeace() ? Date.now() - killedAt : null;
    }
    return null;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    for (const kind of ['serve', 'streams', 'console']) {
      await Promise.all(this.#members.filter((one) => one.kind === kind).map((member) => end(member)));
    }
    await new Promise<void>((resolve) => this.#lines.end(resolve));
  }

  #member(name: string): Member {
    const found = this.#members.find((one) => one.name === name);
    if (found === undefined) throw new Error(`there is no process ${name}`);
    return found;
  }

  #launch(member: Member): void {
    const { name, kind, env, home, wrapper = [] } = member;
    const tether = pathToFileURL(join(home, 'apps/tether.ts')).href;
    const program = join(home, `apps/${kind}.ts`);
    const command = [...wrapper, process.execPath, ...nodeFlags, '--import', tether, program];
    const child = spawn(command[0] ?? '', command.slice(1), { env, stdio: ['pipe', 'pipe', 'pipe'] });
    member.child = child;
    member.starts += 1;
    member.isDoomed = false;
    this.#say(name, `started as ${child.pid}`);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => this.#say(name, text.trimEnd()));
    }
    child.once('exit', (code, signal) => this.#ended(member, String(signal ?? `exit ${code}`)));
  }

  #ended(member: Member, how: string): void {
    member.child = null;
    this.#say(member.name, `ended: ${how}`);
    if (this.#stopping) return;
    if (!member.isDoomed) this.unasked.push(`${member.name} ended: ${how}`);
    member.timer = setTimeout(() => this.#launch(member), member.isDoomed ? restartDelayMs : mournMs);
  }

  #say(name: string, text: string): void {
    this.#lines.write(`${new Date().toISOString()} ${name} ${text}\n`);
  }
}

async function end({ child, timer }: Member): Promise<void> {
  if (timer !== null) clearTimeout(timer);
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    const kill = setTimeout(() => child.kill('SIGKILL'), stopMs);
    child.once('exit', () => {
      clearTimeout(kill);
      resolve();
    });
    child.kill('SIGCONT');
    child.kill('SIGTERM');
  });
}

async function answers(url: string): Promise<boolean> {
  try {
    const { ok } = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    return ok;
  } catch {
    return false; // it does not listen yet
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
