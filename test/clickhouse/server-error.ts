/** An exception as a ClickHouse server answers it. */
export class ServerError extends Error {
  readonly code: number;
  readonly type: string;

  constructor(code: number, type: string, message: string) {
    super(message);
    this.code = code;
    this.type = type;
  }
}

/** HTTP status of an exception, as the server's `exceptionCodeToHTTPStatus` has it; 500 for all others. */
const statuses: ReadonlyMap<number, number> = new Map([
  [46, 404], // UNKNOWN_FUNCTION
  [47, 404], // UNKNOWN_IDENTIFIER
  [60, 404], // UNKNOWN_TABLE
  [62, 400], // SYNTAX_ERROR
  [81, 404], // UNKNOWN_DATABASE
  [115, 404], // UNKNOWN_SETTING
  [158, 400], // TOO_MANY_ROWS
  [192, 403], // UNKNOWN_USER
  [193, 403], // WRONG_PASSWORD
  [209, 503], // SOCKET_TIMEOUT
  [516, 403], // AUTHENTICATION_FAILED
]);

/** What the server writes of an exception: status, header and body. */
export function exceptionAnswer(error: unknown): { status: number; code: number; text: string } {
  const { code, type, message } = described(error);
  const text = `Code: ${code}. DB::Exception: ${message} (${type}) (version 26.7.2.1)\n`;
  return { status: statuses.get(code) ?? 500, code, text };
}

function described(error: unknown): { code: number; type: string; message: string } {
  if (error instanceof ServerError) return error;
  if (error instanceof Error && 'code' in error && 'type' in error && /^\d+$/.test(String(error.code))) {
    return { code: Number(error.code), type: String(error.type), message: error.message };
  }
  return { code: 1001, type: 'STD_EXCEPTION', message: String(error) };
}
