import { AdtallyError, isAdtallyError } from '../../domain/errors.ts';
import { isUuid, uuidV5, uuidV7 } from '../../domain/identity.ts';
import { formatTime } from '../../domain/time-text.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Disk } from '../../ports/disk.ts';
import type { Random } from '../../ports/random.ts';

/** A run of an audit, as it stands. Once it is finished, its report's fields stand beside these. */
export interface AuditRun {
  readonly id: string;
  readonly status: 'running' | 'finished' | 'failed';
  readonly started_at: string;
  readonly finished_at: string | null;
  /** What is being done now. */
  readonly progress: string | null;
  /** Why it could not run. */
  readonly problem: string | null;
  readonly [field: string]: unknown;
}

/** Does the audit. `progress` is told what is being done, and lets others work meanwhile. */
export type AuditWork = (id: string, progress: (sentence: string) => Promise<void>) => Promise<object>;

export interface AuditRunsOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  /** Where reports are kept, one file each. */
  readonly folder: string;
  readonly work: AuditWork;
  /** Fields of a report that a list shows. */
  readonly listed: readonly string[];
}

interface Current {
  run: AuditRun;
  readonly done: Promise<AuditRun>;
}

const suffix = '.json';

/** Audits of one kind, one at a time, and their reports. A run of a process that ended is a failed one. */
export class AuditRuns {
  readonly #options: AuditRunsOptions;
  #current: Current | null = null;
  /** Of finished runs, what a list shows. */
  readonly #summaries = new Map<string, AuditRun>();

  constructor(options: AuditRunsOptions) {
    this.#options = options;
  }

  /** Starts a run, or joins the one that is under way. What is started again by the same name is the same run. */
  async start(name: string | null): Promise<AuditRun> {
    const underWay = this.#underWay();
    if (underWay !== null) return underWay.run;
    const { clock, random } = this.#options;
    const id = name === null ? uuidV7(clock.now(), random.bytes(10)) : uuidV5(`audit/${name}`);
    const known = name === null ? null : await this.#read(id);
    if (known !== null) return known;
    return (this.#underWay() ?? this.#begin(id)).run;
  }

  /** Starts a run, or joins the one that is under way, and waits for its end. */
  async run(): Promise<AuditRun> {
    const { clock, random } = this.#options;
    return (this.#underWay() ?? this.#begin(uuidV7(clock.now(), random.bytes(10)))).done;
  }

  /** What the run under way is doing; null if none is. */
  get progress(): string | null {
    return this.#current?.run.progress ?? null;
  }

  /** Error: `NOT_FOUND`. */
  async get(id: string): Promise<AuditRun> {
    if (this.#current?.run.id === id) return this.#current.run;
    const found = isUuid(id) ? await this.#read(id) : null;
    if (found === null) throw new AdtallyError('NOT_FOUND', `there is no run ${id.slice(0, 64)}`);
    return found;
  }

  /** Newest first, without their details. */
  async list(): Promise<readonly AuditRun[]> {
    const { disk, folder } = this.#options;
    await disk.makeFolder(folder);
    for (const file of await disk.list(folder)) {
      const id = file.slice(0, -suffix.length);
      if (!file.endsWith(suffix) || !isUuid(id) || this.#summaries.has(id) || this.#current?.run.id === id) continue;
      const run = await this.#read(id);
      if (run !== null) this.#summaries.set(id, this.#summary(run));
    }
    const runs = [...this.#summaries.values(), ...(this.#current === null ? [] : [this.#current.run])];
    return runs.sort((a, b) => (a.started_at < b.started_at ? 1 : -1));
  }

  #underWay(): Current | null {
    return this.#current;
  }

  #begin(id: string): Current {
    const started_at = formatTime(this.#options.clock.now());
    const run: AuditRun = { id, status: 'running', started_at, finished_at: null, progress: 'begins', problem: null };
    const done = this.#work(run).finally(() => {
      this.#current = null;
    });
    this.#current = { run, done };
    // Whoever waits for it hears of a failure; nobody has to.
    done.catch(() => {});
    return this.#current;
  }

  async #work(begun: AuditRun): Promise<AuditRun> {
    const { clock, work } = this.#options;
    await this.#write(begun);
    let run: AuditRun;
    try {
      const report = await work(begun.id, async (sentence) => {
        if (this.#current !== null) this.#current.run = { ...begun, progress: sentence };
        await clock.sleep(0);
      });
      run = { ...begun, ...report, status: 'finished', progress: null, finished_at: formatTime(clock.now()) };
    } catch (error) {
      const problem = isAdtallyError(error) ? `${error.code}: ${error.message}` : String(error);
      run = { ...begun, status: 'failed', progress: null, finished_at: formatTime(clock.now()), problem };
    }
    await this.#write(run);
    return run;
  }

  async #write(run: AuditRun): Promise<void> {
    const { disk, folder } = this.#options;
    await disk.makeFolder(folder);
    await disk.replace(`${folder}/${run.id}${suffix}`, Buffer.from(`${JSON.stringify(run)}\n`));
  }

  async #read(id: string): Promise<AuditRun | null> {
    const { disk, folder } = this.#options;
    try {
      const run = JSON.parse(Buffer.from(await disk.read(`${folder}/${id}${suffix}`)).toString('utf8')) as AuditRun;
      if (run.status !== 'running' || this.#current?.run.id === id) return run;
      return { ...run, status: 'failed', progress: null, problem: 'the process that ran it has ended before it' };
    } catch (error) {
      if (isAdtallyError(error, 'NOT_FOUND')) return null;
      throw error;
    }
  }

  #summary(run: AuditRun): AuditRun {
    const { id, status, started_at, finished_at, progress, problem } = run;
    const listed = Object.fromEntries(
      this.#options.listed.flatMap((field) => (field in run ? [[field, run[field]]] : [])),
    );
    return { id, status, started_at, finished_at, progress, problem, ...listed };
  }
}
