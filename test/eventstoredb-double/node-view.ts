import type shared from '@eventstore/db-client/generated/shared_pb.js';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { TransactionLog } from './transaction-log.ts';

/** What a node of the double is told to do wrong. */
export interface Faults {
  /** Appends still to be applied without an answer: the connection is cut instead. */
  acknowledgementsToLose: number;
  /** Appends still to be lost on the way: the connection is cut and nothing is applied. */
  requestsToLose: number;
  /** How late answers to appends and reads are, ms. What is appended is appended at once. */
  answerDelayMs: number;
  /** Answers "Server Is Not Ready", as a node does that starts or elects. */
  isStarting: boolean;
}

/** What a node offers to its services. */
export interface NodeView {
  readonly log: TransactionLog;
  readonly faults: Faults;
  readonly maxAppendBytes: number;
  /** Where the leader listens, or null if this node is the leader. */
  leaderElsewhere(): { readonly host: string; readonly port: number } | null;
  cut(): void;
}

/** An error as the server sends it: a status, and trailers from which clients make their own errors. */
export function failure(
  code: status,
  details: string,
  trailers: Readonly<Record<string, string>> = {},
): Partial<ServiceError> {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(trailers)) metadata.set(key, value);
  return { code, details, metadata };
}

/** Why a node refuses a call before it looks at it, or null (`RpcExceptions.ServerNotReady`, `.LeaderInfo`). */
export function refusal(node: NodeView, metadata: Metadata): Partial<ServiceError> | null {
  if (node.faults.isStarting) return failure(status.UNAVAILABLE, 'Server Is Not Ready');
  const leader = node.leaderElsewhere();
  if (leader === null || metadata.get('requires-leader')[0] !== 'true') return null;
  return failure(status.NOT_FOUND, 'Leader info available', {
    exception: 'not-leader',
    'leader-endpoint-host': leader.host,
    'leader-endpoint-port': String(leader.port),
  });
}

export function streamName(identifier: shared.StreamIdentifier | undefined): string {
  return Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8');
}
