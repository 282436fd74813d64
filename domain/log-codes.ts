import { type ErrorCode, errorCodes } from './errors.ts';

/** What processes say that is no error of theirs: code → what it means. Errors are said under their own codes (`errors.ts`). */
export const eventCodes = {
  PROCESS_STARTED: 'The process has opened its engines and answers.',
  PROCESS_STOPPED: 'The process was asked to stop and has written everything down.',
  PROCESS_RESTARTED: 'A process or worker had ended and is started again.',
  SHARDS_OWNED: 'Which shards this process writes the ledgers of has changed.',
  SHARD_UNWELL:
    'A shard of a processor retries, catches up, or has stopped; `shard_code` says of what. If it stopped at a record: its `topic` and `offset`, the `selection_id` of its ad where it is known, and `trace_id` where the ad is traced.',
  WAITS: 'Something outside does not answer and is tried again.',
  SPANS_DROPPED: 'Spans of traces could not be sent to the collector and are lost; nothing else is.',
  TRUTH_UNREAD: 'How far a truth lags could not be read.',
  LINES_LEFT_OUT:
    'So many lines of one code (`of`) were not written, because they came too fast or said the same again.',
  DEFECT: 'An error that nobody has foreseen: with its stack.',
} as const;

export type LogCode = ErrorCode | keyof typeof eventCodes;

/** Whether a text is the code of a line of the log. */
export function isLogCode(text: string): text is LogCode {
  return Object.hasOwn(errorCodes, text) || Object.hasOwn(eventCodes, text);
}
