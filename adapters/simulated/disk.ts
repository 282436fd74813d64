import { dirname } from 'node:path/posix';
import { AdtallyError } from '../../domain/errors.ts';
import type { AppendFile, Disk } from '../../ports/disk.ts';
import type { Random } from '../../ports/random.ts';

export interface SimulatedDisk extends Disk {
  /**
   * Power is lost: what was not synced is forgotten, but for a prefix of each file's unsynced bytes of random length (a torn write); names
   * whose folder was not synced may be gone. Files that were open before are dead.
   */
  crash(): void;
  /** The crash happens within the n-th writing operation from now (1: the next); that operation and all until `restart` reject. */
  crashWithin(operations: number): void;
  /** After a crash by `crashWithin`, the machine comes up again. */
  restart(): void;
  /** The next `sync` of any file rejects with `DISK_SYNC_FAILED`. */
  failNextSync(): void;
  /** Flips one bit of a file's content, as a bad sector does. */
  flipBit(path: string, byte: number): void;
}

interface Inode {
  /** Of `bytes`, what the file holds; the rest is room to grow. */
  size: number;
  bytes: Uint8Array;
  /** Of `size`, what certainly survives. */
  syncedSize: number;
}

/** A disk in memory that keeps only what was promised. Paths are POSIX. */
export function createSimulatedDisk(options: { readonly random: Random }): SimulatedDisk {
  return new MemoryDisk(options.random);
}

class MemoryDisk implements SimulatedDisk {
  readonly #random: Random;
  readonly #folders = new Set<string>(['/', '.']);
  #names = new Map<string, Inode>();
  /** Names as they certainly are after a crash; where `#names` differs, luck decides. */
  #durableNames = new Map<string, Inode>();
  #life = 1;
  #down = false;
  #operationsToCrash = Number.POSITIVE_INFINITY;
  #syncFails = false;

  constructor(random: Random) {
    this.#random = random;
  }

  async makeFolder(path: string): Promise<void> {
    this.#begin();
    for (let folder = path; !this.#folders.has(folder); folder = dirname(folder)) this.#folders.add(folder);
  }

  async list(folder: string): Promise<readonly string[]> {
    this.#checkUp();
    if (!this.#folders.has(folder)) throw notFound(folder);
    const entries = [...this.#names.keys(), ...this.#folders].filter((path) => path !== folder);
    return entries.filter((path) => dirname(path) === folder).map((path) => path.slice(path.lastIndexOf('/') + 1));
  }

  async read(path: string): Promise<Uint8Array> {
    this.#checkUp();
    const inode = this.#names.get(path);
    if (inode === undefined) throw notFound(path);
    return inode.bytes.slice(0, inode.size);
  }

  async openAppend(path: string): Promise<AppendFile> {
    this.#begin();
    if (!this.#folders.has(dirname(path))) throw notFound(dirname(path));
    const inode = this.#names.get(path) ?? { bytes: new Uint8Array(), size: 0, syncedSize: 0 };
    inode.syncedSize = inode.size;
    this.#names.set(path, inode);
    return this.#handle(path, inode);
  }

  async replace(path: string, content: Uint8Array): Promise<void> {
    if (!this.#folders.has(dirname(path))) throw notFound(dirname(path));
    const put = () => {
      const inode = wholeFile(content.slice());
      this.#names.set(path, inode);
      this.#durableNames.set(path, inode);
    };
    this.#begin(() => this.#random.fraction() < 0.5 && put());
    put();
  }

  async remove(path: string): Promise<void> {
    this.#begin();
    this.#names.delete(path);
  }

  async syncFolder(path: string): Promise<void> {
    this.#begin();
    if (!this.#folders.has(path)) throw notFound(path);
    for (const name of new Set([...this.#names.keys(), ...this.#durableNames.keys()])) {
      if (dirname(name) !== path) continue;
      const inode = this.#names.get(name);
      if (inode === undefined) this.#durableNames.delete(name);
      else this.#durableNames.set(name, inode);
    }
  }

  crash(): void {
    const survivors = new Map<string, Inode>();
    for (const name of [...new Set([...this.#durableNames.keys(), ...this.#names.keys()])].toSorted()) {
      const inode = this.#survivingName(name);
      if (inode !== undefined) survivors.set(name, this.#survivingContent(inode));
    }
    this.#names = survivors;
    this.#durableNames = new Map(survivors);
    this.#life++;
    this.#operationsToCrash = Number.POSITIVE_INFINITY;
  }

  crashWithin(operations: number): void {
    this.#operationsToCrash = operations;
  }

  restart(): void {
    this.#down = false;
  }

  failNextSync(): void {
    this.#syncFails = true;
  }

  flipBit(path: string, byte: number): void {
    const inode = this.#names.get(path);
    if (inode === undefined || byte >= inode.size) throw notFound(`${path}, byte ${byte}`);
    inode.bytes[byte] = (inode.bytes[byte] ?? 0) ^ 1;
  }

  #handle(path: string, inode: Inode): AppendFile {
    const life = this.#life;
    let open = true;
    const use = (write?: () => void) => {
      if (!open || life !== this.#life) throw new Error(`EBADF: ${path} is closed`);
      this.#begin(write);
    };
    return {
      get size() {
        return inode.size;
      },
      append: async (bytes) => {
        const write = () => extend(inode, bytes);
        use(write);
        write();
      },
      sync: async () => {
        use();
        this.#sync(path, inode);
      },
      close: async () => {
        open = false;
      },
    };
  }

  /** After a failed sync the kernel holds the pages for clean: a later success says nothing about them. */
  #sync(path: string, inode: Inode): void {
    if (this.#syncFails) {
      this.#syncFails = false;
      inode.size = inode.syncedSize;
      throw new AdtallyError('DISK_SYNC_FAILED', `${path}: EIO`);
    }
    inode.syncedSize = inode.size;
  }

  /** Counts down to the injected crash; `write` is what may still reach the disk in part. */
  #begin(write?: () => unknown): void {
    this.#checkUp();
    this.#operationsToCrash--;
    if (this.#operationsToCrash > 0) return;
    write?.();
    this.crash();
    this.#down = true;
    this.#checkUp();
  }

  #checkUp(): void {
    if (this.#down) throw new Error('EIO: the machine is down');
  }

  #survivingName(name: string): Inode | undefined {
    const [durable, current] = [this.#durableNames.get(name), this.#names.get(name)];
    if (durable === current) return current;
    return this.#random.fraction() < 0.5 ? durable : current;
  }

  #survivingContent({ bytes, size, syncedSize }: Inode): Inode {
    const torn = Math.floor(this.#random.fraction() * (size - syncedSize + 1));
    return wholeFile(bytes.slice(0, syncedSize + torn));
  }
}

function wholeFile(bytes: Uint8Array): Inode {
  return { bytes, size: bytes.length, syncedSize: bytes.length };
}

function extend(inode: Inode, bytes: Uint8Array): void {
  const size = inode.size + bytes.length;
  if (size > inode.bytes.length) {
    const larger = new Uint8Array(Math.max(size, 2 * inode.bytes.length));
    larger.set(inode.bytes.subarray(0, inode.size));
    inode.bytes = larger;
  }
  inode.bytes.set(bytes, inode.size);
  inode.size = size;
}

function notFound(path: string): AdtallyError {
  return new AdtallyError('NOT_FOUND', `${path} does not exist`);
}
