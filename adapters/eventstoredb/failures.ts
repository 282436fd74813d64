import { ErrorType, isCommandError } from '@eventstore/db-client';
import { AdtallyError, isAdtallyError } from '../../domain/errors.ts';

/**
 * What a failed call means to the caller. Whatever leaves the outcome open (no answer, a cut connection, a node that is not the leader, an error
 * that the client can't name) is `LEDGER_UNAVAILABLE`; what no repetition can mend has another code.
 */
export function ledgerFailure(what: string, error: unknown): AdtallyError {
  if (isAdtallyError(error)) return error;
  if (!(error instanceof Error)) return new AdtallyError('LEDGER_UNAVAILABLE', `${what}: ${String(error)}`);
  const type = isCommandError(error) ? error.type : undefined;
  const cause = { cause: error };
  switch (type) {
    case ErrorType.WRONG_EXPECTED_VERSION:
      return new AdtallyError('WRONG_EXPECTED_REVISION', `${what}: ${conflict(error)}`, cause);
    case ErrorType.MAXIMUM_APPEND_SIZE_EXCEEDED:
      return new AdtallyError('APPEND_TOO_LARGE', `${what}: ${error.message}`, cause);
    case ErrorType.ACCESS_DENIED:
      return new AdtallyError('BAD_SETTING', `${what}: EventStoreDB refuses the user that LEDGER_URL names`, cause);
    case ErrorType.STREAM_DELETED:
      return new AdtallyError('CHAIN_BROKEN', `${what}: the stream was deleted in EventStoreDB`, cause);
    default:
      return new AdtallyError('LEDGER_UNAVAILABLE', `${what}: ${error.message}`, cause);
  }
}

/** True if the error says that a stream was never written. */
export function isStreamMissing(error: unknown): boolean {
  return error instanceof Error && isCommandError(error) && error.type === ErrorType.STREAM_NOT_FOUND;
}

function conflict(error: Error): string {
  if (!('actualVersion' in error) || !('expectedVersion' in error)) return error.message;
  return `the stream is at ${String(error.actualVersion)}, the writer expects ${String(error.expectedVersion)}`;
}
