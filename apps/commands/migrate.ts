import { parseArgs } from 'node:util';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { AdtallyError, isAdtallyError } from '../../domain/errors.ts';
import { type Command, exitCodes } from '../exit-codes.ts';
import { ProgressLine } from '../progress-line.ts';
import { type Installation, readEnvironment, readSource, readTarget } from '../migrate/installation.ts';
import { type Migration, migrate } from '../migrate/migration.ts';
import { textAfter, textBefore } from '../migrate/migration-text.ts';

const usage = `adtally migrate --to TARGET [--to …] [--from SOURCE …] [options]

Copies an installation of Adtally, stopped, to other engines and proves by digest that nothing changed: the log, every record at its offset; the ledgers, every
event at its revision under its id; the keys of persons; secrets, states and audit reports where DATA_DIR is another. The source stays as it is. Broken off, it
goes on where it was when it is run again. Views, the ledger index and the warehouse are built again by the platform.

  --to TARGET     where to: a file of settings as the platform will be started with, or single settings over those of the source:
                  --to LOG_URL=kafka://broker:9092 --to LEDGER_URL=esdb://… --to SCHEMA_REGISTRY_URL=http://…
  --from SOURCE   where from, in the same form (default: the environment)
  --ahead         copy log and ledgers while the platform runs, and prove what was copied: to shorten the standstill, or as a backup
  --prove         copy nothing; hold the target against the source
  --lost NODE     a serving node whose disk is gone; its last acknowledged beacons went with it
  --json          the proof as JSON

Exit 0: the target is the source; 1: it differs, and it says where; 2: it could not run.`;

export const command: Command = { usage, run };

const options = {
  to: { type: 'string', multiple: true },
  from: { type: 'string', multiple: true },
  lost: { type: 'string', multiple: true },
  ahead: { type: 'boolean', default: false },
  prove: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options, strict: true });
  const { to = [], from = [], lost = [], ahead, prove, json } = values;
  if (to.length === 0)
    throw new AdtallyError('BAD_SETTING', 'name the target by --to: a file of settings, or NAME=value');
  if (ahead && prove)
    throw new AdtallyError(
      'BAD_SETTING',
      'give --ahead or --prove: one copies and proves what was copied, the other only proves',
    );
  const sourceEnv = readEnvironment(from, process.env);
  const targetEnv = readEnvironment(to, sourceEnv);
  const source = readSource(sourceEnv);
  const target = readTarget(targetEnv, source);
  if (!json) process.stdout.write(textBefore(source, target));
  const done = await migrateShowing({ source, target }, { mode: ahead ? 'ahead' : prove ? 'prove' : 'copy', lost });
  if (done === null) return exitCodes.differs;
  process.stdout.write(
    json ? `${JSON.stringify(done, null, 2)}\n` : textAfter(done, { source, target, isCopy: !prove }),
  );
  return done.result === 'differs' ? exitCodes.differs : exitCodes.tallies;
}

/** Null if the target was found to be something else before anything was copied: said on the standard error. */
async function migrateShowing(
  places: { readonly source: Installation; readonly target: Installation },
  { mode, lost }: { readonly mode: 'copy' | 'ahead' | 'prove'; readonly lost: readonly string[] },
): Promise<Migration | null> {
  const show = new ProgressLine(process.stderr);
  try {
    return await migrate({ ...places, mode, lost, clock: createSystemClock(), say: (line) => show.say(line) });
  } catch (error) {
    if (!isAdtallyError(error, 'COPY_DIFFERS')) throw error;
    show.end();
    process.stderr.write(`${error.code}: ${error.message}\n`);
    return null;
  } finally {
    show.end();
  }
}
