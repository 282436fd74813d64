/**
 * The one registry of errors: code → HTTP status and whether trying again can help. The sentence, with the offending value, is given where
 * the error is raised. A failure whose code is not here is unknown: it stops what it happened in.
 */
export const errorCodes = {
  // client's fault
  BAD_REQUEST: { status: 400, retriable: false },
  BAD_JSON: { status: 400, retriable: false },
  BODY_TOO_LARGE: { status: 413, retriable: false },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, retriable: false },
  VALIDATION_FAILED: { status: 400, retriable: false },
  UNKNOWN_FIELD: { status: 400, retriable: false },
  UNAUTHORIZED: { status: 401, retriable: false },
  FORBIDDEN: { status: 403, retriable: false },
  NOT_FOUND: { status: 404, retriable: false },
  METHOD_NOT_ALLOWED: { status: 405, retriable: false },
  IDEMPOTENCY_CONFLICT: { status: 409, retriable: false },
  REVISION_CONFLICT: { status: 412, retriable: false },
  PRECONDITION_REQUIRED: { status: 428, retriable: false },
  STATE_CONFLICT: { status: 409, retriable: false },
  CUT_NOT_REACHED: { status: 409, retriable: true },
  TOO_MANY_REQUESTS: { status: 429, retriable: true },
  SQL_REFUSED: { status: 400, retriable: false },
  QUERY_LIMIT: { status: 400, retriable: false },
  WAREHOUSE_QUERY: { status: 400, retriable: false },
  // tokens
  TOKEN_MALFORMED: { status: 404, retriable: false },
  TOKEN_FORGED: { status: 404, retriable: false },
  TOKEN_UNKNOWN_KEY: { status: 404, retriable: false },
  TOKEN_KIND_NOT_ALLOWED: { status: 404, retriable: false },
  TOKEN_TOO_LONG: { status: 500, retriable: false },
  // engines
  LOG_UNAVAILABLE: { status: 503, retriable: true },
  LEDGER_UNAVAILABLE: { status: 503, retriable: true },
  VIEWS_UNAVAILABLE: { status: 503, retriable: true },
  KEYS_UNAVAILABLE: { status: 503, retriable: true },
  SCHEMAS_UNAVAILABLE: { status: 503, retriable: true },
  STATE_UNAVAILABLE: { status: 503, retriable: true },
  WAREHOUSE_UNAVAILABLE: { status: 503, retriable: true },
  BUFFER_FULL: { status: 503, retriable: true },
  NOT_READY: { status: 503, retriable: true },
  NODE_FENCED: { status: 503, retriable: false },
  NODE_NAME_TAKEN: { status: 503, retriable: false },
  HTTP_TIMEOUT: { status: 504, retriable: true },
  HTTP_FAILED: { status: 502, retriable: true },
  // fatal or known bad
  OFFSET_GONE: { status: 500, retriable: false },
  UNKNOWN_SHARD: { status: 500, retriable: false },
  SHARDS_CHANGED: { status: 500, retriable: false },
  TOPIC_MISCONFIGURED: { status: 500, retriable: false },
  UNKNOWN_SCHEMA: { status: 500, retriable: false },
  STATE_FORMAT: { status: 500, retriable: false },
  WAREHOUSE_VERSION: { status: 500, retriable: false },
  SCHEMA_INCOMPATIBLE: { status: 500, retriable: false },
  SCHEMA_HELD_BACK: { status: 409, retriable: false },
  OTHER_REGISTRY: { status: 500, retriable: false },
  COPY_DIFFERS: { status: 409, retriable: false },
  UNREADABLE_RECORD: { status: 500, retriable: false },
  WRONG_EXPECTED_REVISION: { status: 409, retriable: false },
  APPEND_TOO_LARGE: { status: 500, retriable: false },
  CHAIN_BROKEN: { status: 500, retriable: false },
  DISK_SYNC_FAILED: { status: 500, retriable: false },
  BAD_SETTING: { status: 500, retriable: false },
  AMOUNT_OUT_OF_RANGE: { status: 400, retriable: false },
  INVARIANT_BROKEN: { status: 500, retriable: false },
} as const satisfies Record<string, { status: number; retriable: boolean }>;

export type ErrorCode = keyof typeof errorCodes;

/** Every error that Adtally raises on purpose. `detail` is safe to show: no secret, no personal data. */
export class AdtallyError extends Error {
  override readonly name = 'AdtallyError';
  readonly code: ErrorCode;
  /** Where in the input, e.g. `slots[0].placement_id`. */
  readonly path: string | undefined;
  /** Everything that is wrong with the input, where more than one thing is; the first is the error's own. */
  readonly faults: readonly { readonly path: string; readonly detail: string }[];

  constructor(
    code: ErrorCode,
    detail: string,
    options: { cause?: unknown; path?: string; faults?: AdtallyError['faults'] } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.path = options.path;
    this.faults = options.faults ?? [];
  }

  get status(): number {
    return errorCodes[this.code].status;
  }

  get retriable(): boolean {
    return errorCodes[this.code].retriable;
  }
}

/** True for an AdtallyError, of that code if one is given. */
export function isAdtallyError(error: unknown, code?: ErrorCode): error is AdtallyError {
  return error instanceof AdtallyError && (code === undefined || error.code === code);
}
