import type { RecordedEvent } from '@eventstore/db-client';
import { AdtallyError } from '../../domain/errors.ts';
import type { LedgerEvent } from '../../ports/ledger-store.ts';

/** An event as the port gives it. Error: `CHAIN_BROKEN` for one that this house can't have written. */
export function ledgerEvent(stream: string, event: RecordedEvent): LedgerEvent {
  const { id, type, data } = event;
  const revision = Number(event.revision);
  if (data instanceof Uint8Array) return { stream, revision, id, type, data };
  throw new AdtallyError('CHAIN_BROKEN', `${stream} revision ${revision} holds JSON: somebody else wrote it`);
}
