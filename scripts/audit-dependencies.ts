/** Asks the registry for known weaknesses of the runtime dependencies. Exits 1 if one is high or critical; an endpoint that does not answer is said, and no failure. */
import { spawnSync } from 'node:child_process';
import { judgeAudit } from './dependency-audit.ts';

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'ignore'],
  timeout: 120_000,
});
const { status, sentence } = judgeAudit(stdout ?? '');
process.stdout.write(`dependency audit: ${sentence}\n`);
process.exitCode = status === 'vulnerable' ? 1 : 0;
