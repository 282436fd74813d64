/** An event as a writer proposes it. */
export interface ProposedEvent {
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** Place in the log: of the record that made a write visible, and of the event's own record. Ordered by commit, then by prepare. */
export interface LogPosition {
  readonly commit: bigint;
  readonly prepare: bigint;
}

export interface RecordedEvent extends ProposedEvent {
  readonly stream: string;
  readonly revision: number;
  readonly position: LogPosition;
}

export type AppendOutcome =
  | { readonly isWritten: true; readonly revision: number; readonly position: LogPosition }
  | { readonly isWritten: false; readonly current: number };

/** Bytes that a record has besides its event; any number above 0 makes positions that are not counts. */
const recordOverhead = 64;

export function isAfter(a: LogPosition, b: LogPosition): boolean {
  return a.commit > b.commit || (a.commit === b.commit && a.prepare > b.prepare);
}

/** What a server counts against its append limit (`Event.SizeOnDisk`): two bytes for each character of the type. */
export function sizeOnDisk({ type, data, metadata }: ProposedEvent): number {
  return 2 * type.length + data.length + metadata.length;
}

/**
 * The log that the nodes of a double share: all events in one order, and the rule by which an append is taken. The rule is the server's
 * (`IndexWriter.CheckCommit` for an exact expected version), with the hole that it has: where the expected revision is the last one, ids are not looked at, so
 * that an event that the stream holds further back is written a second time (KurrentDB issue 1898).
 */
export class TransactionLog {
  readonly all: RecordedEvent[] = [];
  readonly #streams = new Map<string, RecordedEvent[]>();
  readonly #listeners = new Set<() => void>();
  #end = 0n;

  stream(name: string): readonly RecordedEvent[] {
    return this.#streams.get(name) ?? [];
  }

  /** @param expected last revision of the stream as the writer believes; -1: there is none */
  append(stream: string, expected: number, events: readonly ProposedEvent[]): AppendOutcome {
    const written = this.stream(stream);
    const current = written.length - 1;
    if (expected === current) return this.#write(stream, events);
    const repeated = events.length > 0 && events.every(({ id }, i) => written[expected + 1 + i]?.id === id);
    const last = written[expected + events.length];
    if (!repeated || last === undefined) return { isWritten: false, current };
    return { isWritten: true, revision: last.revision, position: last.position };
  }

  /** Calls after every write. @returns stops it */
  onWrite(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Every event gets a record of its own, and one commit record after them makes them visible: so events of a write differ in prepare only. */
  #write(stream: string, events: readonly ProposedEvent[]): AppendOutcome {
    const written = this.#streams.get(stream) ?? [];
    const prepares = events.map((event) => this.#advance(sizeOnDisk(event)));
    const commit = this.#advance(0);
    for (const [i, event] of events.entries()) {
      const position = { commit, prepare: prepares[i] ?? commit };
      const recorded = { ...event, stream, revision: written.length, position };
      written.push(recorded);
      this.all.push(recorded);
    }
    this.#streams.set(stream, written);
    for (const listener of this.#listeners) listener();
    return { isWritten: true, revision: written.length - 1, position: { commit, prepare: prepares[0] ?? commit } };
  }

  #advance(bytes: number): bigint {
    const at = this.#end;
    this.#end += BigInt(recordOverhead + bytes);
    return at;
  }
}
