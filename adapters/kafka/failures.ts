import { AdtallyError, isAdtallyError } from '../../domain/errors.ts';

/** Kafka's own answers to a request that arrived; the connection is fine, and whoever asked knows what to do about it. */
const answers: ReadonlySet<string> = new Set([
  'OFFSET_OUT_OF_RANGE',
  'REBALANCE_IN_PROGRESS',
  'UNKNOWN_MEMBER_ID',
  'ILLEGAL_GENERATION',
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
]);

/** What no repetition mends: credentials, rights, versions. */
const refusals: ReadonlySet<string> = new Set([
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'UNSUPPORTED_VERSION',
  'INVALID_SESSION_TIMEOUT',
  'INCONSISTENT_GROUP_PROTOCOL',
  'INVALID_REPLICATION_FACTOR',
  'POLICY_VIOLATION',
  'INVALID_CONFIG',
]);

/** What kafkajs says, in a bare Error, of a broker that accepted a connection and then said nothing. */
const halfConnected = 'Broker not connected';

/** Kafka's name of an error, e.g. `OFFSET_OUT_OF_RANGE`; undefined for any other failure. */
export function kafkaType(error: unknown): string | undefined {
  // Several topics failed: the first speaks for all.
  if (error instanceof Error && 'errors' in error && Array.isArray(error.errors)) return kafkaType(error.errors[0]);
  for (let one = error; one instanceof Error; one = one.cause) {
    if ('type' in one && typeof one.type === 'string') return one.type;
    if (one.name === 'KafkaJSSASLAuthenticationError') return 'SASL_AUTHENTICATION_FAILED';
  }
  return undefined;
}

/** Whether the broker answered, so that its connection can be used further. */
export function isAnswer(error: unknown): boolean {
  return answers.has(kafkaType(error) ?? '');
}

/**
 * A failure in the words of the log's port: `LOG_UNAVAILABLE` for whatever may pass, `BAD_SETTING` for what a broker refuses. An answer stays
 * as it is, and so does a failure of which nothing is known.
 */
export function asLogFailure(error: unknown): unknown {
  if (!(error instanceof Error) || isAdtallyError(error) || isAnswer(error)) return error;
  const type = kafkaType(error);
  const detail = `Kafka: ${type ?? ''}${type ? ' ' : ''}${error.message}`;
  if (refusals.has(type ?? '')) return new AdtallyError('BAD_SETTING', detail, { cause: error });
  const isKnown =
    error.name.startsWith('KafkaJS') || error.message === halfConnected || ('code' in error && 'syscall' in error);
  return isKnown ? new AdtallyError('LOG_UNAVAILABLE', detail, { cause: error }) : error;
}
