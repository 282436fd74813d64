import { AdtallyError } from '../domain/errors.ts';
import type { Disk } from '../ports/disk.ts';
import type { Random } from '../ports/random.ts';
import { hashKey, type KeptKey, parseKeys, type Role, roles } from './auth.ts';

export interface ConsoleKeysDeps {
  readonly disk: Disk;
  readonly random: Random;
  /** Folder of secrets in the data directory. */
  readonly folder: string;
  /** ADTALLY_KEYS; empty: keys are kept in the folder. */
  readonly setting: string;
}

export interface ConsoleKeys {
  readonly keys: readonly KeptKey[];
  /** Keys that were made just now, by role: to be printed, because they can't be read again. */
  readonly made: ReadonlyMap<Role, string> | null;
}

const fileName = 'console-keys.json';
const keyBytes = 24;

/** Keys from the setting, else those kept in the folder; none are made. Errors: `BAD_SETTING`, `UNREADABLE_RECORD`. */
export async function readConsoleKeys({
  disk,
  folder,
  setting,
}: Omit<ConsoleKeysDeps, 'random'>): Promise<readonly KeptKey[]> {
  if (setting !== '') return parseKeys(setting);
  await disk.makeFolder(folder);
  return (await disk.list(folder)).includes(fileName) ? readKept(await disk.read(`${folder}/${fileName}`)) : [];
}

/** Keys from the setting, else those kept in the folder, else new ones, one for each role. Errors: `BAD_SETTING`, `UNREADABLE_RECORD`. */
export async function openConsoleKeys({ disk, random, folder, setting }: ConsoleKeysDeps): Promise<ConsoleKeys> {
  const known = await readConsoleKeys({ disk, folder, setting });
  if (known.length > 0) return { keys: known, made: null };
  const path = `${folder}/${fileName}`;
  const made = new Map(roles.map((role) => [role, Buffer.from(random.bytes(keyBytes)).toString('base64url')]));
  const kept = [...made].map(([role, key]) => ({ role, advertiser_id: null, sha256: hashKey(key).toString('hex') }));
  await disk.replace(path, Buffer.from(`${JSON.stringify(kept, null, 2)}\n`));
  return { keys: readKept(await disk.read(path)), made };
}

function readKept(bytes: Uint8Array): KeptKey[] {
  try {
    const kept = JSON.parse(Buffer.from(bytes).toString('utf8')) as {
      role: Role;
      advertiser_id: string | null;
      sha256: string;
    }[];
    return kept.map(({ role, advertiser_id: advertiserId, sha256 }) => {
      const hash = Buffer.from(sha256, 'hex');
      if (!roles.includes(role) || hash.length !== 32) throw new TypeError(`no key of ${role}`);
      return { role, advertiserId, hash };
    });
  } catch (cause) {
    throw new AdtallyError('UNREADABLE_RECORD', `${fileName} is damaged; remove it to have new keys made`, { cause });
  }
}
