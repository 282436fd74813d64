import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { DryRunAnswer, WhyNotAnswer } from '../../dashboards/routes/why-not.ts';
import { AdtallyError } from '../../domain/errors.ts';
import { consoleOptions, consoleUsage, withConsole } from '../console-connection.ts';
import { type Command, exitCodes } from '../exit-codes.ts';

const usage = `adtally why-not --line-item LI SELECTION
adtally why-not --line-item LI --request FILE

Why a line item was not chosen for a recorded selection, or would not be for a request that nobody made: at which step, for what reason, and which part of
its targeting expression failed. The second answers from the present catalogue; it draws and writes nothing.
  --request FILE   the body of a decision request; - reads it from standard input
  --json           the answer as the console gives it
${consoleUsage}

Needs the key of an auditor, trafficker or admin.`;

export const command: Command = { usage, run };

const options = {
  ...consoleOptions,
  'line-item': { type: 'string' },
  request: { type: 'string' },
  json: { type: 'boolean' },
} as const;

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const lineItemId = values['line-item'];
  const [selectionId, ...more] = positionals;
  if (lineItemId === undefined || more.length > 0 || (selectionId === undefined) === (values.request === undefined)) {
    throw new AdtallyError('VALIDATION_FAILED', 'name a line item by --line-item, and one selection or a --request');
  }
  const answer = await withConsole<DryRunAnswer | WhyNotAnswer>(values, (client) => {
    if (values.request !== undefined) {
      const body = { line_item_id: lineItemId, request: readRequest(values.request) };
      return client.post<DryRunAnswer>('/v1/audit/why-not', body);
    }
    const asked = new URLSearchParams({ selection_id: selectionId ?? '', line_item_id: lineItemId });
    return client.get<WhyNotAnswer>(`/v1/audit/why-not?${String(asked)}`);
  });
  process.stdout.write(values.json === true ? `${JSON.stringify(answer, null, 2)}\n` : answerText(answer));
  return exitCodes.tallies;
}

function readRequest(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'));
  } catch (error) {
    throw new AdtallyError('VALIDATION_FAILED', `--request ${file} can't be read as JSON`, { cause: error });
  }
}

function answerText(answer: DryRunAnswer | WhyNotAnswer): string {
  if (!('slots' in answer)) return `${verdictText(answer)}\n`;
  const slots = answer.slots.map((one) => {
    const winner =
      one.winner_line_item_id === null ? 'nobody would be shown' : `${one.winner_line_item_id} would be shown`;
    return `${one.slot_id}: ${verdictText(one)}; ${winner}\n`;
  });
  const warnings = answer.warnings.map((warning) => `warning: ${warning}\n`);
  return `${slots.join('')}${warnings.join('')}assumed: ${answer.assumed.join('; ')}\n`;
}

function verdictText({ line_item_id, step, reason, detail }: WhyNotAnswer): string {
  const why = step === 'won' ? 'is chosen' : `${step}, ${reason}`;
  return `${line_item_id}: ${why}${detail === null ? '' : `: ${detail}`}`;
}
