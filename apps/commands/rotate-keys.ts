import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { createSystemDisk } from '../../adapters/system/disk.ts';
import { createSystemRandom } from '../../adapters/system/random.ts';
import { deriveLimits } from '../../config/limits.ts';
import { readSettings } from '../../config/settings.ts';
import { TokenKeys } from '../../serving/token-keys.ts';
import { type Command, exitCodes } from '../exit-codes.ts';

const usage = `adtally rotate-keys

Makes a new key for tokens in DATA_DIR/secrets. Serving nodes that read this folder sign with it within 30 s, without a restart; the keys before go on
verifying until every token that they signed has expired, and are then removed by themselves.

Exit 0: made; 2: it could not run.`;

export const command: Command = { usage, run };

async function run(args: readonly string[]): Promise<number> {
  parseArgs({ args: [...args], options: {}, strict: true });
  const settings = readSettings(process.env);
  const folder = join(resolve(settings.dataDir), 'secrets');
  const disk = createSystemDisk();
  await disk.list(folder); // where there are no secrets there is no platform
  const keys = await TokenKeys.open({
    disk,
    clock: createSystemClock(),
    random: createSystemRandom(),
    folder,
    verifiesMs: deriveLimits(settings).keyVerifiesMs,
  });
  const { id } = await keys.rotate();
  const others = keys.all().size - 1;
  process.stdout.write(`key ${id} signs within 30 s; ${others} older verify what they signed\n`);
  return exitCodes.tallies;
}
