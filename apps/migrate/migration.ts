import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AdtallyError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { KeyStore } from '../../ports/key-store.ts';
import type { LedgerStore } from '../../ports/ledger-store.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import { openKeys, openLedger, openLogOfAny, openSchemas, openStates } from '../engines.ts';
import { claimLog, schemaIds, writeClaim } from '../schema-claim.ts';
import { copyFolders, forgetViewWriters } from './copied-folders.ts';
import { copyKeys, type KeysProof, proveKeys } from './copied-keys.ts';
import { copyLedgers, type LedgerProof, proveLedgers } from './copied-ledgers.ts';
import {
  copyLog,
  copyOffsets,
  digestOfShards,
  type Progress,
  type ProofOptions,
  proveShard,
  type ShardProof,
  shardsOf,
} from './copied-log.ts';
import { type Installation, movedBetween, type Moved } from './installation.ts';
import {
  endsOf,
  lockFolders,
  requireDrainedNodes,
  requireEmptyBuffers,
  requireStandstill,
  requireUnchanged,
} from './quiet-source.ts';

export interface MigrationOptions {
  readonly source: Installation;
  readonly target: Installation;
  /** `copy`: everything, then the proof. `ahead`: log and ledgers of a platform that may run, with the proof of what was copied. `prove`: the proof alone. */
  readonly mode: 'copy' | 'ahead' | 'prove';
  /** Nodes whose disks are gone. */
  readonly lost: readonly string[];
  readonly clock: Clock;
  readonly say: Progress;
}

export interface Migration {
  /** `ahead`: what was copied is proved; the source may have gone on. */
  readonly result: 'tallies' | 'differs' | 'ahead';
  readonly moved: readonly Moved[];
  readonly log: {
    readonly shards: readonly ShardProof[];
    readonly digest: string;
    readonly target_digest: string;
  } | null;
  readonly ledgers: LedgerProof | null;
  readonly keys: KeysProof | null;
  /** Folders of DATA_DIR that were copied. */
  readonly folders: readonly string[];
}

interface Side {
  readonly log: EventLog;
  readonly ledger: LedgerStore;
  readonly keys: KeyStore | null;
  readonly registry: SchemaRegistry;
  close(): Promise<void>;
}

/**
 * Copies one installation into the engines of another and proves by digest that nothing changed. Errors: `NOT_READY` while the source runs or holds what is not
 * in its log, `COPY_DIFFERS`, `OTHER_REGISTRY`, `BAD_SETTING`, and those of the engines.
 */
export async function migrate(options: MigrationOptions): Promise<Migration> {
  const { source, target, mode } = options;
  const moved = movedBetween(source, target);
  if (mode === 'ahead') return withSides(options, moved, (from, to) => copyAhead(options, { moved, from, to }));
  if (mode === 'prove') requireInstallation(target);
  const taken = mode === 'copy' ? [source.dataDir, target.dataDir] : [source.dataDir];
  const lock = lockFolders(taken.filter((folder) => folder !== source.dataDir || existsSync(folder)));
  try {
    return await withSides(options, moved, (from, to) => copyAndProve(options, { moved, from, to }));
  } finally {
    lock.release();
  }
}

interface Sides {
  readonly moved: ReadonlySet<Moved>;
  readonly from: Side;
  readonly to: Side;
}

async function withSides(
  options: MigrationOptions,
  moved: ReadonlySet<Moved>,
  work: (from: Side, to: Side) => Promise<Migration>,
): Promise<Migration> {
  const { clock, mode } = options;
  const from = await openSide(options.source, { moved, clock, onlyLook: true });
  try {
    const to = await openSide(options.target, { moved, clock, onlyLook: mode === 'prove' });
    try {
      await claimLog(from.log, from.registry);
      if (mode !== 'prove') await claimLog(to.log, to.registry);
      return await work(from, to);
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

async function openSide(
  { settings }: Installation,
  { moved, clock, onlyLook }: { readonly moved: ReadonlySet<Moved>; readonly clock: Clock; readonly onlyLook: boolean },
): Promise<Side> {
  const registry = await openSchemas(settings, clock);
  await registry.refresh();
  const log = await openLogOfAny(settings, clock, { onlyLook });
  const ledger = await openLedger(settings, clock);
  const keys = moved.has('keys') ? await openKeys(settings, clock) : null;
  const close = async () => {
    await Promise.all([log.close(), ledger.close(), keys?.close()]);
  };
  return { log, ledger, keys, registry, close };
}

/** Ledgers first: no entry is copied whose `spend` is not. */
async function copyAhead({ say }: MigrationOptions, sides: Sides): Promise<Migration> {
  const { moved, from, to } = sides;
  if (moved.has('ledger')) await copyLedgers(from, to, say);
  if (moved.has('log')) await copyLog(from, to, say);
  const proof = await prove({ ...sides, from: { ...from, keys: null } }, { isAhead: true, say });
  return { ...proof, result: proof.result === 'tallies' ? 'ahead' : 'differs', folders: [] };
}

async function copyAndProve(options: MigrationOptions, sides: Sides): Promise<Migration> {
  const { source, mode, lost, clock, say } = options;
  const { moved, from, to } = sides;
  say('looking whether the source stands still');
  await requireStandstill(from, source.settings, clock);
  const ends = await endsOf(from);
  let folders: readonly string[] = [];
  if (mode === 'copy') {
    requireEmptyBuffers(source.dataDir);
    await requireDrainedNodes(from, lost);
    if (moved.has('log')) await copyLog(from, to, say);
    if (moved.has('ledger')) await copyLedgers(from, to, say);
    if (from.keys !== null && to.keys !== null) await copyKeys(from.keys, to.keys, say);
  }
  const proof = await prove(sides, { isAhead: false, say });
  await requireUnchanged(from, ends);
  if (proof.result === 'tallies' && mode === 'copy') folders = await finish(options, sides);
  return { ...proof, folders };
}

async function prove({ moved, from, to }: Sides, options: ProofOptions): Promise<Omit<Migration, 'folders'>> {
  const shards: ShardProof[] = [];
  if (moved.has('log'))
    for (const place of shardsOf(from.log)) shards.push(await proveShard(from, to, { place, ...options }));
  const [digest, target] = [digestOfShards(shards, 'digest'), digestOfShards(shards, 'target_digest')];
  const ledgers = moved.has('ledger') ? await proveLedgers(from, to, options) : null;
  const keys = from.keys !== null && to.keys !== null ? await proveKeys(from.keys, to.keys, options.say) : null;
  const isEqual = shards.every(({ equal }) => equal) && ledgers?.equal !== false && keys?.equal !== false;
  return {
    result: isEqual ? 'tallies' : 'differs',
    moved: [...moved],
    log: moved.has('log') ? { shards, digest, target_digest: target } : null,
    ledgers,
    keys,
  };
}

/** What makes the copy the installation: only once it is proved. */
async function finish(
  { source, target, clock }: MigrationOptions,
  { moved, from, to }: Sides,
): Promise<readonly string[]> {
  if (moved.has('log')) await copyOffsets(from.log, to.log);
  const isElsewhere = source.dataDir !== target.dataDir;
  const folders = isElsewhere && existsSync(source.dataDir) ? copyFolders(source.dataDir, target.dataDir) : [];
  if (moved.has('views') && existsSync(join(target.dataDir, 'state', 'streams'))) {
    const states = await openStates(target.settings, clock, 'streams');
    await forgetViewWriters(states, source.settings.shards);
    await states.close();
  }
  writeClaim(target.dataDir, schemaIds(to.registry));
  return folders;
}

/** Error: `NOT_READY` where there is nothing that an installation could be. */
function requireInstallation({ settings, dataDir }: Installation): void {
  if (settings.logUrl !== 'embedded' || existsSync(join(dataDir, 'log'))) return;
  throw new AdtallyError('NOT_READY', `there is no log in ${dataDir}`);
}
