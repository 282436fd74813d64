import { AdtallyError } from '../domain/errors.ts';
import type { AppendFile, Disk } from '../ports/disk.ts';

/** A file of whole groups, in the order of their sequences. */
export interface Segment {
  readonly path: string;
  readonly first: number;
  last: number;
  bytes: number;
}

const segmentSuffix = '.seg';
const checkpointSuffix = '.drained';

/** Names sort by boot (a UUIDv7 sorts by time), then by sequence. */
function segmentPath(folder: string, boot: string, first: number): string {
  return `${folder}/${boot}.${String(first).padStart(15, '0')}${segmentSuffix}`;
}

function checkpointPath(folder: string, boot: string): string {
  return `${folder}/${boot}${checkpointSuffix}`;
}

export interface SegmentsOptions {
  readonly disk: Disk;
  /** Folder of the node. */
  readonly folder: string;
  readonly boot: string;
  /** A segment that has grown beyond it is followed by another. */
  readonly segmentBytes: number;
}

/** The segment files of one boot. Calls are carried out one after the other. */
export class Segments {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #boot: string;
  readonly #segmentBytes: number;
  readonly #segments: Segment[] = [];
  #file: AppendFile | null = null;
  #before: Promise<unknown> = Promise.resolve();

  private constructor({ disk, folder, boot, segmentBytes }: SegmentsOptions) {
    this.#disk = disk;
    this.#folder = folder;
    this.#boot = boot;
    this.#segmentBytes = segmentBytes;
  }

  /** Leaves a durable sign that the boot began, even if it never appends: its successor must fence it. */
  static async create(options: SegmentsOptions): Promise<Segments> {
    const segments = new Segments(options);
    await options.disk.makeFolder(options.folder);
    await segments.checkpoint(0);
    return segments;
  }

  /** Appends a group and syncs it. Error: `DISK_SYNC_FAILED`. */
  write(bytes: Uint8Array, first: number, last: number): Promise<void> {
    return this.#serially(async () => {
      const segment = this.#segments.at(-1);
      if (this.#file !== null && segment !== undefined && segment.bytes >= this.#segmentBytes) await this.#seal();
      const file = this.#file ?? (await this.#open(first));
      await file.append(bytes);
      await file.sync();
      const current = this.#segments.at(-1) as Segment;
      current.last = last;
      current.bytes += bytes.length;
    });
  }

  /** The whole segment that holds a sequence; it is written to no more. */
  read(sequence: number): Promise<{ readonly bytes: Uint8Array; readonly last: number }> {
    return this.#serially(async () => {
      const segment = this.#segments.find(({ last }) => last >= sequence);
      if (segment === undefined) throw new AdtallyError('INVARIANT_BROKEN', `entry ${sequence} is in no segment`);
      if (segment === this.#segments.at(-1)) await this.#seal();
      return { bytes: await this.#disk.read(segment.path), last: segment.last };
    });
  }

  /** Removes the segments that hold nothing beyond a sequence. */
  trim(through: number): Promise<void> {
    return this.#serially(async () => {
      while (this.#segments[0] !== undefined && this.#segments[0].last <= through) {
        if (this.#segments.length === 1 && this.#file !== null) return;
        await this.#disk.remove((this.#segments.shift() as Segment).path);
      }
    });
  }

  /** Remembers what was drained, so that the next boot does not drain it once more. */
  checkpoint(through: number): Promise<void> {
    const path = checkpointPath(this.#folder, this.#boot);
    return this.#serially(() => this.#disk.replace(path, Buffer.from(String(through))));
  }

  close(): Promise<void> {
    return this.#serially(() => this.#seal());
  }

  async #open(first: number): Promise<AppendFile> {
    const path = segmentPath(this.#folder, this.#boot, first);
    this.#file = await this.#disk.openAppend(path);
    await this.#disk.syncFolder(this.#folder);
    this.#segments.push({ path, first, last: first, bytes: 0 });
    return this.#file;
  }

  async #seal(): Promise<void> {
    await this.#file?.close();
    this.#file = null;
  }

  #serially<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#before.then(run);
    // The caller hears of a failure; those that wait behind it need not.
    this.#before = result.catch(() => undefined);
    return result;
  }
}

/** What a boot that has ended left behind. */
export interface LeftBuffer {
  readonly boot: string;
  /** Segment files in the order of their sequences. */
  readonly segments: readonly string[];
  /** Entries up to this one are in the log. */
  readonly drainedThrough: number;
}

/** The buffers of a node that lie on disk, oldest boot first. */
export async function leftBuffers(disk: Disk, folder: string): Promise<readonly LeftBuffer[]> {
  const names = (await disk.list(folder)).toSorted();
  const boots = new Set(names.filter((name) => name[36] === '.').map((name) => name.slice(0, 36)));
  return Promise.all(Array.from(boots, (boot) => leftBuffer(disk, folder, boot, names)));
}

async function leftBuffer(disk: Disk, folder: string, boot: string, names: readonly string[]): Promise<LeftBuffer> {
  const segments = names.filter((name) => name.startsWith(`${boot}.`) && name.endsWith(segmentSuffix));
  const path = checkpointPath(folder, boot);
  const text = names.includes(`${boot}${checkpointSuffix}`) ? Buffer.from(await disk.read(path)).toString() : '0';
  const drainedThrough = Number(text);
  if (!Number.isSafeInteger(drainedThrough)) throw new AdtallyError('UNREADABLE_RECORD', `${path} holds no sequence`);
  return { boot, segments: segments.map((name) => `${folder}/${name}`), drainedThrough };
}

/** Removes everything of a boot whose entries are all in the log, the sign that it began last. */
export async function removeBuffer(disk: Disk, folder: string, boot: string): Promise<void> {
  const names = (await disk.list(folder)).filter((name) => name.startsWith(`${boot}.`));
  const order = names.toSorted((a, b) => Number(a.endsWith(checkpointSuffix)) - Number(b.endsWith(checkpointSuffix)));
  for (const name of order) await disk.remove(`${folder}/${name}`);
}
