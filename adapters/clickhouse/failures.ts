import { AdtallyError } from '../../domain/errors.ts';

/** ClickHouse's codes for a limit that a query ran into. */
const limitCodes: ReadonlySet<string> = new Set([
  '158', // TOO_MANY_ROWS
  '159', // TIMEOUT_EXCEEDED
  '160', // TOO_SLOW
  '161', // TOO_MANY_COLUMNS
  '167', // TOO_DEEP_AST
  '168', // TOO_BIG_AST
  '191', // SET_SIZE_LIMIT_EXCEEDED
  '241', // MEMORY_LIMIT_EXCEEDED
  '307', // TOO_MANY_BYTES
  '396', // TOO_MANY_ROWS_OR_BYTES
]);
/** Of a server that may be back, or have room again. */
const unavailableCodes: ReadonlySet<string> = new Set([
  '202', // TOO_MANY_SIMULTANEOUS_QUERIES
  '203', // NO_FREE_CONNECTION
  '209', // SOCKET_TIMEOUT
  '210', // NETWORK_ERROR
  '236', // ABORTED
  '242', // TABLE_IS_READ_ONLY
  '243', // NOT_ENOUGH_SPACE
  '252', // TOO_MANY_PARTS
  '279', // ALL_CONNECTION_TRIES_FAILED
  '394', // QUERY_WAS_CANCELLED
  '999', // KEEPER_EXCEPTION
]);

/** Whatever the client threw → an error of the port. `doing` opens the sentence. */
export function warehouseError(error: unknown, doing: string): AdtallyError {
  if (error instanceof AdtallyError) return error;
  const { code, message } = described(error);
  const detail = `${doing}: ${shortened(message)}`;
  if (!/^\d+$/.test(code) || unavailableCodes.has(code)) {
    return new AdtallyError('WAREHOUSE_UNAVAILABLE', detail, { cause: error });
  }
  return new AdtallyError(limitCodes.has(code) ? 'QUERY_LIMIT' : 'WAREHOUSE_QUERY', detail, { cause: error });
}

/** An insert has no limits of its own: one that it runs into is the server's, which others fill, and passes. */
export function insertError(error: unknown, doing: string): AdtallyError {
  const found = warehouseError(error, doing);
  return found.code === 'QUERY_LIMIT'
    ? new AdtallyError('WAREHOUSE_UNAVAILABLE', found.message, { cause: error })
    : found;
}

/** The engine in process and the HTTP client each bring their own class of error: told by shape. A number is the engine's, a name the system's. */
function described(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: '', message: String(error) };
  const code = 'code' in error ? String(error.code) : '';
  return { code, message: error.message || code };
}

/** One line without the version and what an attacker could learn of the machine: paths. */
function shortened(message: string): string {
  const line = message.replaceAll(/\s+/g, ' ').replace(/\(version .*$/, '');
  const withoutPaths = line.replaceAll(/(?<![\w.])\/[\w.-]+(\/[\w.-]+)+\/?/g, '(path)');
  return withoutPaths.length > 500 ? `${withoutPaths.slice(0, 500)}…` : withoutPaths.trim();
}
