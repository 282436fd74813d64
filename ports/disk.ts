/**
 * The few file operations that the private buffer and key files need, with what they promise: what was written is certain to survive
 * a crash only after `sync` resolved. The simulated disk forgets unsynced bytes. An error of `sync` is fatal (`DISK_SYNC_FAILED`): the
 * kernel may have dropped the pages. `NOT_FOUND`: the file or folder does not exist. Other failures arrive as the system raises them.
 */
export interface Disk {
  /** Creates the folder and its parents. */
  makeFolder(path: string): Promise<void>;
  /** Names of the files and folders in it, in no order. */
  list(folder: string): Promise<readonly string[]>;
  read(path: string): Promise<Uint8Array>;
  /**
   * Opens for appending, creating the file; the name itself is durable once `syncFolder` resolved. What an earlier process left in the
   * file is durable on resolution.
   */
  openAppend(path: string): Promise<AppendFile>;
  /** Writes a whole file so that after a crash there is the old or the new content. */
  replace(path: string, content: Uint8Array): Promise<void>;
  /** No error if it is not there. */
  remove(path: string): Promise<void>;
  syncFolder(path: string): Promise<void>;
}

export interface AppendFile {
  readonly size: number;
  /** After a rejection, or a crash before `sync`, any prefix of the bytes may be in the file. */
  append(bytes: Uint8Array): Promise<void>;
  /** fdatasync of all that was appended. */
  sync(): Promise<void>;
  close(): Promise<void>;
}
