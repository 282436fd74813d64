import { parseArgs } from 'node:util';
import { readSettings } from '../config/settings.ts';
import type { AuditRun } from '../dashboards/audit/audit-runs.ts';
import { AdtallyError } from '../domain/errors.ts';
import { ConsoleClient } from '../simulate/console-client.ts';
import { Wire } from '../simulate/wire.ts';
import type { Audits } from './audits.ts';
import { exitCodes } from './exit-codes.ts';
import { openOffline } from './offline.ts';
import { ProgressLine } from './progress-line.ts';

/** An audit that can be run on a data directory or by a running console. */
export interface AuditCommand {
  readonly kind: keyof Audits;
  readonly path: string;
  /** The result for people. */
  readonly asText: (run: AuditRun) => string;
}

export const auditUsage = `  --data DIR      a data directory on which nothing runs (default DATA_DIR, unless its console answers)
  --console URL   have a running console do it (default CONSOLE_HOST and CONSOLE_PORT, if --data is not given)
  --key KEY       key of an auditor for the console (default: CONSOLE_KEY from the environment)
  --json          the whole report`;

const options = {
  data: { type: 'string' },
  console: { type: 'string' },
  key: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

const lookMs = 300;

/** Runs an audit where it can be run, shows how it goes, prints the result. Exit 0: it tallies; 1: it differs; 2: it could not run. */
export async function runAudit(command: AuditCommand, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options, strict: true });
  const settings = readSettings(process.env);
  const url = values.console ?? `http://${settings.consoleHost}:${settings.consolePort}`;
  const key = values.key ?? process.env['CONSOLE_KEY'] ?? '';
  const show = new ProgressLine(process.stderr);
  const isOnline =
    values.console !== undefined || (values.data === undefined && key !== '' && (await answers(`${url}/healthz`)));
  const run = isOnline
    ? await runOnline(command, { url, key }, show)
    : await runOffline(command, values.data ?? settings.dataDir, show);
  show.end();
  if (run.status === 'failed') throw new AdtallyError('NOT_READY', `it could not run: ${run.problem}`);
  process.stdout.write(values.json ? `${JSON.stringify(run, null, 2)}\n` : command.asText(run));
  return run['result'] === 'tallies' ? exitCodes.tallies : exitCodes.differs;
}

async function answers(url: string): Promise<boolean> {
  const wire = new Wire();
  try {
    return (await wire.send({ method: 'GET', url, headers: {}, from: null })).status === 200;
  } finally {
    await wire.close();
  }
}

async function runOnline(
  { path }: AuditCommand,
  { url, key }: { readonly url: string; readonly key: string },
  show: ProgressLine,
): Promise<AuditRun> {
  if (key === '') throw new AdtallyError('BAD_SETTING', 'give the key of an auditor by --key or CONSOLE_KEY');
  const wire = new Wire();
  const client = new ConsoleClient({ wire, url, key });
  try {
    let run = await client.post<AuditRun>(path, {}, `cli-${process.pid}-${Date.now()}`);
    while (run.status === 'running') {
      show.say(run.progress ?? '');
      await new Promise((settle) => setTimeout(settle, lookMs));
      run = await client.get<AuditRun>(`${path}/${run.id}`);
    }
    return run;
  } finally {
    await wire.close();
  }
}

async function runOffline({ kind }: AuditCommand, dataDir: string, show: ProgressLine): Promise<AuditRun> {
  const audits = await openOffline(dataDir, { reporting: kind === 'reconciliations' });
  const runs = audits[kind];
  const done = runs.run();
  const watching = setInterval(() => show.say(runs.progress ?? ''), lookMs);
  try {
    return await done;
  } finally {
    clearInterval(watching);
    await audits.close();
  }
}
