import { auditUsage, runAudit } from '../audit-command.ts';
import type { Command } from '../exit-codes.ts';
import { reconciliationText } from '../audit-text.ts';

const usage = `adtally reconcile [options]

Recounts everything from the evidence (selections, beacons, the catalogue's history), compares every truth with it, selection by selection, and gives
each difference its cause. What has none is a break.

${auditUsage}

Exit 0: it tallies; 1: there are breaks; 2: it could not run.`;

export const command: Command = {
  usage,
  run: (args) => runAudit({ kind: 'reconciliations', path: '/v1/reconciliations', asText: reconciliationText }, args),
};
