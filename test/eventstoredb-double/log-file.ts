import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { ProposedEvent, TransactionLog } from './transaction-log.ts';

interface Line {
  readonly stream: string;
  readonly expected: number;
  readonly events: readonly (Omit<ProposedEvent, 'data' | 'metadata'> & { data: string; metadata: string })[];
}

/** Lets a log outlive its process: every write is a line of a file, synced before it is acknowledged. What the file holds is written to the log again first. */
export function keepInFile(log: TransactionLog, path: string): () => void {
  const file = openSync(path, 'a+');
  const bytes = readFileSync(file);
  // A line that was being written when the process was killed was not acknowledged.
  const end = bytes.lastIndexOf('\n') + 1;
  ftruncateSync(file, end);
  for (const text of bytes.subarray(0, end).toString('utf8').split('\n').slice(0, -1)) {
    const { stream, expected, events } = JSON.parse(text) as Line;
    log.append(stream, expected, events.map(fromText));
  }
  let kept = log.all.length;
  const stop = log.onWrite(() => {
    const written = log.all.slice(kept);
    const [first] = written;
    kept = log.all.length;
    if (first === undefined) return;
    const events = written.map(({ id, type, contentType, data, metadata }) => {
      return { id, type, contentType, data: toText(data), metadata: toText(metadata) };
    });
    const line: Line = { stream: first.stream, expected: first.revision - 1, events };
    writeSync(file, `${JSON.stringify(line)}\n`);
    fsyncSync(file);
  });
  return () => {
    stop();
    closeSync(file);
  };
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function fromText(event: Line['events'][number]): ProposedEvent {
  return { ...event, data: Buffer.from(event.data, 'base64'), metadata: Buffer.from(event.metadata, 'base64') };
}
