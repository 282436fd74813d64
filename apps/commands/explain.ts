import { parseArgs } from 'node:util';
import { AdtallyError } from '../../domain/errors.ts';
import { isUuid } from '../../domain/identity.ts';
import { consoleOptions, consoleUsage, withConsole } from '../console-connection.ts';
import { type Command, exitCodes } from '../exit-codes.ts';
import { explanationText, type ShownExplanation } from '../explanation-text.ts';

const usage = `adtally explain SELECTION [--line-item LI]

Decides a recorded selection again, from its record and the catalogue and predictions of then: who was there, who was excluded at which step and why,
what each would have paid, and how the price came about.
  --line-item LI   also: why not this one
  --json           the answer as the console gives it
${consoleUsage}

Needs the key of an auditor, trafficker or admin. Exit 1: the record says otherwise than the recomputation.`;

export const command: Command = { usage, run };

const options = { ...consoleOptions, 'line-item': { type: 'string' }, json: { type: 'boolean' } } as const;

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const [selectionId, ...more] = positionals;
  if (selectionId === undefined || more.length > 0 || !isUuid(selectionId)) {
    throw new AdtallyError('VALIDATION_FAILED', 'name one selection by its id: adtally explain SELECTION');
  }
  const lineItem = values['line-item'];
  const asked = new URLSearchParams({
    selection_id: selectionId,
    ...(lineItem !== undefined && { line_item_id: lineItem }),
  });
  const answer = await withConsole(values, (client) =>
    client.get<ShownExplanation>(`/v1/audit/explain?${String(asked)}`),
  );
  process.stdout.write(values.json === true ? `${JSON.stringify(answer, null, 2)}\n` : explanationText(answer));
  return answer.tallies ? exitCodes.tallies : exitCodes.differs;
}
