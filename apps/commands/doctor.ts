import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readSettings, type Settings } from '../../config/settings.ts';
import { checkEngines } from '../doctor/engine-checks.ts';
import { type Finding, worst } from '../doctor/finding.ts';
import {
  checkClock,
  checkDisk,
  checkPorts,
  checkProcess,
  checkRunning,
  checkSettings,
} from '../doctor/machine-checks.ts';
import { checkData } from '../doctor/data-checks.ts';
import { type Command, exitCodes } from '../exit-codes.ts';

const usage = `adtally doctor

Checks the machine, the settings, every engine and what is in DATA_DIR, and says of each thing that is wrong what to do about it. Nothing is
changed but the ledger index, which is brought up to date; without data the engines of this machine are tried in a temporary folder, and on servers no
topic is made. It may be asked while the platform runs.

  --json     the findings as JSON

Exit 0: nothing is wrong; 1: something is; 2: it could not look.`;

export const command: Command = { usage, run };

const marks = { ok: '✓', note: '·', wrong: '✗' } as const;

async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { json: { type: 'boolean' } }, strict: true });
  const json = values.json ?? false;
  const findings: Finding[] = [];
  const tell = (found: Finding | readonly Finding[]) => {
    for (const finding of [found].flat()) {
      findings.push(finding);
      if (!json) process.stdout.write(lineOf(finding));
    }
  };
  tell(checkProcess());
  const faults = checkSettings(process.env);
  tell(faults);
  if (worst(faults) !== 'wrong') await examine(readSettings(process.env), tell);
  const isWell = worst(findings) !== 'wrong';
  if (json) process.stdout.write(`${JSON.stringify({ well: isWell, findings }, null, 2)}\n`);
  else process.stdout.write(isWell ? '\nNothing is wrong.\n' : '\nSee the lines marked ✗.\n');
  return isWell ? exitCodes.tallies : exitCodes.differs;
}

async function examine(settings: Settings, tell: (found: Finding | readonly Finding[]) => void): Promise<void> {
  const disk = checkDisk(settings.dataDir);
  tell(disk);
  if (worst(disk) === 'wrong') return; // nothing else can be opened
  tell(await checkClock());
  const running = await checkRunning(settings);
  tell(running.findings);
  if (!running.isRunning) tell(await checkPorts(settings));
  const { findings, log, registry } = await checkEngines(settings, { isRunning: running.isRunning });
  tell(findings);
  try {
    if (log !== null && existsSync(settings.dataDir))
      tell(await checkData(settings, { log, registry }, running.isRunning));
  } finally {
    await log?.close();
  }
}

function lineOf({ level, what, detail, advice }: Finding): string {
  const line = `${marks[level]} ${what.padEnd(18)} ${detail}\n`;
  return advice === null ? line : `${line}${' '.repeat(21)}→ ${advice}\n`;
}
