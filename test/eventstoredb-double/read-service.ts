import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { type ServerWritableStream, status } from '@grpc/grpc-js';
import { failure, type NodeView, refusal, streamName } from './node-view.ts';
import { isAfter, type LogPosition, type RecordedEvent } from './transaction-log.ts';

type ReadCall = ServerWritableStream<streams.ReadReq, streams.ReadResp>;
type Options = streams.ReadReq.Options;

/** Events that a filtered subscription looks at before it tells where it is, by default (`DefaultMaxSearchWindow`). */
const searchWindow = 32;

/** A read of a stream or of $all, in either direction, or a subscription to $all: first what there is, then what comes. */
export function answerRead(node: NodeView, call: ReadCall): void {
  const refused = refusal(node, call.metadata);
  const options = call.request.getOptions();
  if (refused !== null || options === undefined) {
    call.emit('error', refused ?? failure(status.INVALID_ARGUMENT, 'a read without options'));
    return;
  }
  const run = options.hasSubscription() ? subscribe(node, call, options) : readOnce(node, call, options);
  run.catch((error: unknown) => call.emit('error', failure(status.INTERNAL, String(error))));
}

async function readOnce(node: NodeView, call: ReadCall, options: Options): Promise<void> {
  const { answerDelayMs } = node.faults;
  if (answerDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, answerDelayMs));
  const stream = options.getStream();
  const name = streamName(stream?.getStreamIdentifier());
  if (stream !== undefined && node.log.stream(name).length === 0) {
    const missing = new streams.ReadResp.StreamNotFound();
    const identifier = new shared.StreamIdentifier().setStreamName(Buffer.from(name));
    await send(call, new streams.ReadResp().setStreamNotFound(missing.setStreamIdentifier(identifier)));
  } else {
    const events = stream === undefined ? allToRead(node, options) : streamToRead(node.log.stream(name), options);
    for (const event of events.slice(0, Number(options.getCount()))) await send(call, eventResponse(event));
  }
  call.end();
}

/** A revision is included in either direction; one beyond the end is the end. */
function streamToRead(events: readonly RecordedEvent[], options: Options): readonly RecordedEvent[] {
  const from = options.getStream();
  const isBackwards = options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS;
  const start = from?.hasStart() === true ? 0 : Number(from?.getRevision());
  if (isBackwards) return (from?.hasEnd() === true ? events : events.slice(0, start + 1)).toReversed();
  return from?.hasEnd() === true ? [] : events.slice(start);
}

/** Forwards from a position, itself included; backwards from the end of the log. */
function allToRead(node: NodeView, options: Options): readonly RecordedEvent[] {
  const from = options.getAll();
  if (options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS) {
    return from?.hasEnd() === true ? node.log.all.toReversed() : [];
  }
  const start = positionOf(from?.getPosition());
  return start === null ? node.log.all : node.log.all.filter(({ position }) => !isAfter(start, position));
}

/**
 * `AllSubscriptionFiltered`: what lies after the position (itself excluded), then what is written; a checkpoint after every so many events looked at,
 * whether they passed the filter or not. Confirmed first; servers from 23.10 on say when they have caught up.
 */
async function subscribe(node: NodeView, call: ReadCall, options: Options): Promise<void> {
  const passes = filterOf(options);
  let next = firstToDeliver(node, options);
  let looked = 0;
  let isLive = false;
  const interval = searchWindow * Math.max(1, options.getFilter()?.getCheckpointintervalmultiplier() ?? 1);
  let wake = () => {};
  const stopListening = node.log.onWrite(() => wake());
  const over = () => {
    stopListening();
    wake();
  };
  call.on('cancelled', over);
  const confirmation = new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId(randomUUID());
  await send(call, new streams.ReadResp().setConfirmation(confirmation));
  while (!call.cancelled) {
    const event = node.log.all[next];
    if (event === undefined) {
      if (!isLive) await send(call, new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp()));
      isLive = true;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (next < node.log.all.length || call.cancelled) resolve();
      });
      continue;
    }
    next += 1;
    looked += 1;
    if (passes(event)) await send(call, eventResponse(event));
    if (looked % interval === 0) await send(call, checkpointResponse(event.position));
  }
}

function firstToDeliver(node: NodeView, options: Options): number {
  const from = options.getAll();
  if (from?.hasEnd() === true) return node.log.all.length;
  const start = positionOf(from?.getPosition());
  const index = start === null ? 0 : node.log.all.findIndex(({ position }) => isAfter(position, start));
  return index === -1 ? node.log.all.length : index;
}

function filterOf(options: Options): (event: RecordedEvent) => boolean {
  const filter = options.getFilter();
  const expression = filter?.getStreamIdentifier() ?? filter?.getEventType();
  if (filter === undefined || expression === undefined) return () => true;
  const text = (event: RecordedEvent) => (filter.hasStreamIdentifier() ? event.stream : event.type);
  const regex = expression.getRegex();
  if (regex !== '') return (event) => new RegExp(regex).test(text(event));
  return (event) => expression.getPrefixList().some((prefix) => text(event).startsWith(prefix));
}

function positionOf(position: streams.ReadReq.Options.Position | undefined): LogPosition | null {
  if (position === undefined) return null;
  return { commit: BigInt(position.getCommitPosition()), prepare: BigInt(position.getPreparePosition()) };
}

function eventResponse(event: RecordedEvent): streams.ReadResp {
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent();
  recorded.setId(new shared.UUID().setString(event.id));
  recorded.setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(event.stream)));
  recorded.setStreamRevision(String(event.revision));
  recorded.setCommitPosition(String(event.position.commit));
  recorded.setPreparePosition(String(event.position.prepare));
  recorded.getMetadataMap().set('type', event.type);
  recorded.getMetadataMap().set('content-type', event.contentType);
  recorded.getMetadataMap().set('created', '0');
  recorded.setData(event.data);
  recorded.setCustomMetadata(event.metadata);
  const read = new streams.ReadResp.ReadEvent().setEvent(recorded).setCommitPosition(String(event.position.commit));
  return new streams.ReadResp().setEvent(read);
}

function checkpointResponse({ commit, prepare }: LogPosition): streams.ReadResp {
  const checkpoint = new streams.ReadResp.Checkpoint();
  checkpoint.setCommitPosition(String(commit));
  return new streams.ReadResp().setCheckpoint(checkpoint.setPreparePosition(String(prepare)));
}

async function send(call: ReadCall, response: streams.ReadResp): Promise<void> {
  if (call.cancelled || call.write(response)) return;
  const over = new AbortController();
  const { signal } = over;
  await Promise.race([once(call, 'drain', { signal }), once(call, 'cancelled', { signal })]).finally(() =>
    over.abort(),
  );
}
