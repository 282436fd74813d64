/**
 * The few file operations that the private buffer and key files need, with what they promise: what was written is certain to survive
 * a crash only after `sync` resolved. The simulated disk forgets unsynced bytes. An error of `sync` is fatal (`DISK_SYNC_FAILED`): the
 * kernel may have dropped the pages.
 */
export interface Disk {
  /** Creates the folder and its parents. */
  makeFolder(path: string): Promise<void>;
  list(folder: string): Promise<readonly string[]>;
  read(path: string): Promise<Uint8Array>;
  /** Opens for appending, creating the file; the name itself is durable once `syncFolder` resolved. */
  openAppend(path: string): Promise<AppendFile>;
  /** Writes a whole file so that after a crash there is the old or the new content. */
  replace(path: string, content: Uint8Array): Promise<void>;
  remove(path: string): Promise<void>;
  syncFolder(path: string): Promise<void>;
}

export interface AppendFile {
  readonly size: number;
  append(bytes: Uint8Array): Promise<void>;
  /** fdatasync. */
  sync(): Promise<void>;
  close(): Promise<void>;
}
