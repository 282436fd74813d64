import type { LedgerQueries } from '../../ports/ledger-queries.ts';
import { answerBalances } from './balances.ts';
import { answerEntries } from './entries.ts';
import { answerSelection } from './selection.ts';
import type { EventPorts } from './selection-events.ts';
import { answerStatement, type StatementPorts } from './statement.ts';

/** What finance may ask, answered from the ledger index and, for the story of a selection, from the log. */
export function createLedgerQueries(ports: StatementPorts & EventPorts): LedgerQueries {
  return {
    balances: (question) => answerBalances(ports, question),
    entries: (question) => answerEntries(ports, question),
    selection: (selectionId, at) => answerSelection(ports, selectionId, at),
    statement: (question) => answerStatement(ports, question),
  };
}
