import type { Quarantined } from '../domain/records.ts';
import type { Clock } from '../ports/clock.ts';
import type { Disk } from '../ports/disk.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import { readEntries } from './buffer-frames.ts';
import { persist } from './drain-pump.ts';
import type { LogWriter } from './log-writer.ts';
import { type LeftBuffer, leftBuffers, removeBuffer } from './segments.ts';

export interface RecoveryOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly registry: SchemaRegistry;
  readonly writer: LogWriter;
  /** Folder of the node. */
  readonly folder: string;
  readonly node: string;
  /** The boot that recovers. */
  readonly boot: string;
  readonly onRetry: (error: unknown) => void;
  /** A tail that was cut off or a damaged segment, in a sentence. */
  readonly onDamage: (sentence: string) => void;
}

const quarantinedBytes = 4096;

/**
 * Drains what earlier boots of the node left on disk, then ends each: `BufferDrained`, then `NodeFenceDecided(succeeded)`. In this order a
 * crash at any point is repaired by doing it again. Resolves with the latest of those boots.
 */
export async function recoverBuffers(options: RecoveryOptions): Promise<string | null> {
  const { disk, folder } = options;
  const left = await leftBuffers(disk, folder);
  for (const buffer of left) {
    const lastSequence = await drainLeft(buffer, options);
    await endBoot(options, { boot: buffer.boot, lastSequence, reason: 'succeeded' });
    await removeBuffer(disk, folder, buffer.boot);
  }
  return left.at(-1)?.boot ?? null;
}

export interface EndOfBoot {
  readonly boot: string;
  readonly lastSequence: number;
  /** `succeeded` by the boot after it, or `stopped` by itself. */
  readonly reason: 'succeeded' | 'stopped';
}

/** Says that everything of a boot is in the log, and that it has ended. */
export async function endBoot(
  options: Pick<RecoveryOptions, 'clock' | 'registry' | 'writer' | 'node' | 'boot' | 'onRetry'>,
  { boot, lastSequence, reason }: EndOfBoot,
): Promise<void> {
  const { clock, registry, writer, node } = options;
  const now = clock.now();
  const drained = registry.encode('BufferDrained', {
    node,
    boot,
    last_sequence: lastSequence,
    drained_by: options.boot,
    drained_at: now,
  });
  const fenced = registry.encode('NodeFenceDecided', { node, boot, reason, decided_by: options.boot, decided_at: now });
  const records = [drained, fenced].map((value) => ({ shard: 0, key: node, value }));
  await persist(() => writer.append('nodes', records), options);
}

async function drainLeft(left: LeftBuffer, options: RecoveryOptions): Promise<number> {
  let lastSequence = left.drainedThrough;
  for (const path of left.segments) {
    const bytes = await options.disk.read(path);
    const { entries, goodBytes } = readEntries(bytes);
    const last = entries.at(-1)?.sequence ?? 0;
    if (last > lastSequence) {
      const batch = { chunks: [bytes.subarray(0, goodBytes)], from: lastSequence + 1, through: last };
      await persist(() => options.writer.drain(batch), options);
      lastSequence = last;
    }
    if (goodBytes < bytes.length) await reportDamage(left, path, { bytes, goodBytes }, options);
  }
  return lastSequence;
}

/**
 * Behind the last good entry of a boot lies what was never synced, and so never acknowledged: a torn tail, which is cut. Anywhere else the
 * disk has lost what it promised to keep; that goes to `quarantine`, since it may be missed.
 */
async function reportDamage(
  left: LeftBuffer,
  path: string,
  { bytes, goodBytes }: { readonly bytes: Uint8Array; readonly goodBytes: number },
  options: RecoveryOptions,
): Promise<void> {
  const lost = bytes.length - goodBytes;
  if (path === left.segments.at(-1)) return options.onDamage(`${path}: a torn tail of ${lost} bytes was cut off`);
  options.onDamage(`${path}: ${lost} bytes are damaged`);
  const { registry, writer, clock, node } = options;
  const value: Quarantined = {
    source_topic: 'buffer',
    source_shard: -1,
    source_offset: goodBytes,
    source_key: path.slice(path.lastIndexOf('/') + 1),
    code: 'UNREADABLE_RECORD',
    reason: `${lost} bytes of a segment of the private buffer are damaged`,
    processor: 'serving',
    bytes: bytes.slice(goodBytes, goodBytes + quarantinedBytes),
    origin: { node, boot: left.boot, sequence: 0 },
    quarantined_at: clock.now(),
  };
  const record = { shard: 0, key: left.boot, value: registry.encode('Quarantined', value) };
  await persist(() => writer.append('quarantine', [record]), options);
}
