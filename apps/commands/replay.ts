import { auditUsage, runAudit } from '../audit-command.ts';
import { replayText } from '../audit-text.ts';
import type { Command } from '../exit-codes.ts';

const usage = `adtally replay [options]

Folds the whole log into a fresh ledger in memory and holds every entry that comes of it against the real ledgers, byte for byte.

${auditUsage}

Exit 0: they are equal; 1: they differ, and it says where first; 2: it could not run.`;

export const command: Command = {
  usage,
  run: (args) => runAudit({ kind: 'replays', path: '/v1/audit/replays', asText: replayText }, args),
};
