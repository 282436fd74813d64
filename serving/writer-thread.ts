import { AdtallyError, type ErrorCode, errorCodes } from '../domain/errors.ts';
import type { Topic } from '../domain/records.ts';
import type { NewRecord } from '../ports/event-log.ts';
import type { Span } from '../ports/tracer.ts';
import type { DrainBatch } from './drain-feed.ts';
import type { LogWriter } from './log-writer.ts';

/** One end of a pair of threads (a Worker or a MessagePort). */
export interface Channel {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

type Request =
  | { readonly id: number; readonly call: 'drain'; readonly batch: DrainBatch }
  | { readonly id: number; readonly call: 'append'; readonly topic: Topic; readonly records: readonly NewRecord[] };

interface Failure {
  readonly code: string;
  readonly detail: string;
}

interface Reply {
  readonly id: number;
  readonly failure: Failure | null;
}

type WithoutId<T> = T extends { readonly id: number } ? Omit<T, 'id'> : never;

/** Between two answers: what the thread has to tell of traced ads. */
interface Told {
  readonly spans: readonly Span[];
}

/** Sends spans to the thread that connected. */
export function spanSender(channel: Channel): (spans: readonly Span[]) => void {
  return (spans) => channel.postMessage({ spans } satisfies Told);
}

/** The log writer of another thread. `onSpans` is given what that thread traced. */
export function connectLogWriter(
  channel: Channel,
  onSpans: (spans: readonly Span[]) => void = () => undefined,
): LogWriter {
  const waiting = new Map<number, PromiseWithResolvers<void>>();
  let calls = 0;
  channel.on('message', (message) => {
    const told = message as Reply | Told;
    if ('spans' in told) return onSpans(told.spans);
    const { id, failure } = told;
    const call = waiting.get(id);
    waiting.delete(id);
    if (failure === null) call?.resolve();
    else call?.reject(failed(failure));
  });
  const send = (request: WithoutId<Request>): Promise<void> => {
    calls += 1;
    const call = Promise.withResolvers<void>();
    waiting.set(calls, call);
    channel.postMessage({ ...request, id: calls });
    return call.promise;
  };
  return {
    drain: (batch) => send({ call: 'drain', batch }),
    append: (topic, records) => send({ call: 'append', topic, records }),
  };
}

/** Answers the calls that arrive on a channel. */
export function serveLogWriter(channel: Channel, writer: LogWriter): void {
  channel.on('message', (message) => {
    const request = message as Request;
    const run = request.call === 'drain' ? writer.drain(request.batch) : writer.append(request.topic, request.records);
    const answer = (failure: Failure | null) => channel.postMessage({ id: request.id, failure } satisfies Reply);
    run.then(
      () => answer(null),
      (error: unknown) => answer(describe(error)),
    );
  });
}

function describe(error: unknown): Failure {
  if (error instanceof AdtallyError) return { code: error.code, detail: error.message };
  return { code: '', detail: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

function failed({ code, detail }: Failure): Error {
  return code in errorCodes ? new AdtallyError(code as ErrorCode, detail) : new Error(detail);
}
