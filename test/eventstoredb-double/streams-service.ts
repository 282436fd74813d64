import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { type sendUnaryData, type ServerReadableStream, type ServerWritableStream, status } from '@grpc/grpc-js';
import { failure, type NodeView, refusal, streamName } from './node-view.ts';
import { answerRead } from './read-service.ts';
import { type AppendOutcome, type ProposedEvent, sizeOnDisk } from './transaction-log.ts';

type Proposals = { options: streams.AppendReq.Options | undefined; readonly events: ProposedEvent[]; bytes: number };

/** Handlers of `event_store.client.streams.Streams`. What the client needs no more (BatchAppend, Delete, Tombstone) is left out: UNIMPLEMENTED. */
export function streamsHandlers(node: NodeView) {
  return {
    read: (call: ServerWritableStream<streams.ReadReq, streams.ReadResp>) => answerRead(node, call),
    append: (
      call: ServerReadableStream<streams.AppendReq, streams.AppendResp>,
      answer: sendUnaryData<streams.AppendResp>,
    ) => {
      const proposals: Proposals = { options: undefined, events: [], bytes: 0 };
      call.on('data', (request: streams.AppendReq) => collect(proposals, request));
      call.on('end', () => answerAppend(node, { call, answer, proposals }));
    },
  };
}

function collect(proposals: Proposals, request: streams.AppendReq): void {
  if (request.hasOptions()) proposals.options = request.getOptions();
  const message = request.getProposedMessage();
  if (message === undefined) return;
  const event = {
    id: message.getId()?.getString() ?? '',
    type: message.getMetadataMap().get('type') ?? '',
    contentType: message.getMetadataMap().get('content-type') ?? '',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
  proposals.events.push(event);
  proposals.bytes += sizeOnDisk(event);
}

interface AppendCall {
  readonly call: ServerReadableStream<streams.AppendReq, streams.AppendResp>;
  readonly answer: sendUnaryData<streams.AppendResp>;
  readonly proposals: Proposals;
}

function answerAppend(node: NodeView, { call, answer, proposals }: AppendCall): void {
  const { faults } = node;
  const { options, events, bytes } = proposals;
  const refused = refusal(node, call.metadata) ?? misuse(node, options, bytes);
  if (refused !== null || options === undefined) return answer(refused, null);
  if (faults.requestsToLose > 0) {
    faults.requestsToLose -= 1;
    return node.cut();
  }
  const expected = options.hasNoStream() ? -1 : Number(options.getRevision());
  const outcome = node.log.append(streamName(options.getStreamIdentifier()), expected, events);
  if (faults.acknowledgementsToLose > 0) {
    faults.acknowledgementsToLose -= 1;
    return node.cut();
  }
  setTimeout(() => answer(null, appendAnswer(outcome, expected)), faults.answerDelayMs);
}

/** `Streams.Append` counts what is proposed and refuses before it writes. The house never appends to "any" revision: the double has no such mode. */
function misuse(node: NodeView, options: streams.AppendReq.Options | undefined, bytes: number) {
  if (options === undefined || !(options.hasNoStream() || options.hasRevision())) {
    return failure(status.UNIMPLEMENTED, 'an append without an exact expected revision');
  }
  if (bytes <= node.maxAppendBytes) return null;
  return failure(status.INVALID_ARGUMENT, `Maximum Append Size of ${node.maxAppendBytes} Exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(node.maxAppendBytes),
  });
}

function appendAnswer(outcome: AppendOutcome, expected: number): streams.AppendResp {
  const response = new streams.AppendResp();
  if (!outcome.isWritten) {
    const wrong = new streams.AppendResp.WrongExpectedVersion();
    if (outcome.current < 0) wrong.setCurrentNoStream(new shared.Empty());
    else wrong.setCurrentRevision(String(outcome.current));
    if (expected < 0) wrong.setExpectedNoStream(new shared.Empty());
    else wrong.setExpectedRevision(String(expected));
    return response.setWrongExpectedVersion(wrong);
  }
  const position = new streams.AppendResp.Position();
  position.setCommitPosition(String(outcome.position.commit));
  position.setPreparePosition(String(outcome.position.prepare));
  const success = new streams.AppendResp.Success();
  success.setCurrentRevision(String(outcome.revision)).setPosition(position);
  return response.setSuccess(success);
}
