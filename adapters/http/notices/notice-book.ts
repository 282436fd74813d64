import { join } from 'node:path/posix';
import { AdtallyError, isAdtallyError } from '../../../domain/errors.ts';
import type { BidderNotice } from '../../../ports/bidder-connection.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { AppendFile, Disk } from '../../../ports/disk.ts';

/** One line of the file: a notice that is to be sent, or the id of one that no longer is. */
type Line = { readonly notice: BidderNotice } | { readonly done: string; readonly until: number };

export interface NoticeBookOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly folder: string;
  /** Called once if the disk fails; nothing is kept any more. */
  readonly failed: (error: unknown) => void;
  /** The file is written anew when it has become this long and twice as long as what it says. */
  readonly compactBytes?: number;
}

/** Writes wait for each other this long, so that many notices share one sync. */
const groupMs = 50;
/** Ids that are remembered though nothing is to be done about them; the oldest go first. */
const mostRemembered = 200_000;

/** Which notices are to be sent and which ids are done with, on disk: a file of lines that is read at the start and only ever appended to or replaced. */
export class NoticeBook {
  readonly #options: NoticeBookOptions;
  readonly #waiting = new Map<string, BidderNotice>();
  /** Id → when it may be forgotten, ms. */
  readonly #done = new Map<string, number>();
  #file: AppendFile;
  #lines: string[] = [];
  #writing: Promise<void> | null = null;
  #failure: Error | null = null;
  #compactAt: number;

  /** Reads what an earlier life left. A torn last line is none. */
  static async open(options: NoticeBookOptions): Promise<NoticeBook> {
    const { disk, folder } = options;
    await disk.makeFolder(folder);
    const path = pathOf(folder);
    const content = await contentOf(disk, path);
    const book = new NoticeBook(options, await disk.openAppend(path));
    for (const line of content.split('\n')) book.#remember(line);
    book.#forgetOld();
    await book.#compact();
    await disk.syncFolder(folder);
    return book;
  }

  private constructor(options: NoticeBookOptions, file: AppendFile) {
    this.#options = options;
    this.#file = file;
    this.#compactAt = options.compactBytes ?? 16 * 1024 * 1024;
  }

  knows(id: string): boolean {
    return this.#waiting.has(id) || this.#done.has(id);
  }

  waiting(): readonly BidderNotice[] {
    return [...this.#waiting.values()];
  }

  add(notice: BidderNotice): void {
    this.#waiting.set(notice.id, notice);
    this.#write({ notice });
  }

  settle({ id, expiresAt: until }: BidderNotice): void {
    this.#waiting.delete(id);
    this.#done.set(id, until);
    this.#forgetOld();
    this.#write({ done: id, until });
  }

  /** Resolves once all that was said before is on the disk. */
  async kept(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
    if (this.#failure !== null)
      throw new AdtallyError('DISK_SYNC_FAILED', `notices are not kept: ${this.#failure.message}`, {
        cause: this.#failure,
      });
  }

  async close(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
    await this.#file.close();
  }

  #write(line: Line): void {
    this.#lines.push(JSON.stringify(line));
    this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    try {
      await Promise.resolve(); // what is said in this turn goes with it
      while (this.#lines.length > 0 && this.#failure === null) {
        const group = `${this.#lines.splice(0).join('\n')}\n`;
        await this.#file.append(Buffer.from(group));
        await this.#file.sync();
        if (this.#file.size > this.#compactAt) await this.#compact();
        if (this.#lines.length > 0) await this.#options.clock.sleep(groupMs);
      }
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#options.failed(error);
    } finally {
      this.#writing = null;
    }
  }

  /** The file says only what still matters. What is said meanwhile is appended to the new one. */
  async #compact(): Promise<void> {
    const { disk, clock, folder, compactBytes = 16 * 1024 * 1024 } = this.#options;
    const now = clock.now();
    for (const [id, until] of this.#done) if (until <= now) this.#done.delete(id);
    const notices = this.waiting().map((notice) => JSON.stringify({ notice } satisfies Line));
    const done = [...this.#done].map(([id, until]) => JSON.stringify({ done: id, until } satisfies Line));
    await this.#file.close();
    await disk.replace(pathOf(folder), Buffer.from([...notices, ...done, ''].join('\n')));
    this.#file = await disk.openAppend(pathOf(folder));
    this.#compactAt = Math.max(compactBytes, 2 * this.#file.size);
  }

  #forgetOld(): void {
    const now = this.#options.clock.now();
    for (const [id, until] of this.#done) {
      if (until > now && this.#done.size <= mostRemembered) return;
      this.#done.delete(id);
    }
  }

  #remember(text: string): void {
    const line = readLine(text);
    if (line === null) return;
    if ('notice' in line) this.#waiting.set(line.notice.id, line.notice);
    else {
      this.#waiting.delete(line.done);
      this.#done.set(line.done, line.until);
    }
  }
}

function pathOf(folder: string): string {
  return join(folder, 'notices.jsonl');
}

async function contentOf(disk: Disk, path: string): Promise<string> {
  try {
    return Buffer.from(await disk.read(path)).toString();
  } catch (error) {
    if (isAdtallyError(error, 'NOT_FOUND')) return '';
    throw error;
  }
}

/** Null: torn by a crash in the middle of writing it. */
function readLine(text: string): Line | null {
  try {
    return text === '' ? null : (JSON.parse(text) as Line);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
