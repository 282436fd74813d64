/** A bid request to one bidder. */
export interface BidderCall {
  /** bd_… */
  readonly bidderId: string;
  readonly url: string;
  /** JSON of an OpenRTB bid request, not compressed. */
  readonly body: Uint8Array;
  /** For everything from the connection to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Of the answer, decompressed. */
  readonly maxAnswerBytes: number;
  /** The body is sent compressed. */
  readonly gzip: boolean;
  readonly http2: boolean;
}

/** What came of a call. `latencyUs`: from the call to this. `detail`: for people, never shown to the bidder. */
export type BidderReply =
  | { readonly outcome: 'answered'; readonly body: Uint8Array; readonly latencyUs: number }
  /** 204, or 200 without a body. */
  | { readonly outcome: 'no_bid'; readonly latencyUs: number }
  | { readonly outcome: BidderFailure; readonly latencyUs: number; readonly detail: string };

/** `address_refused`: the URL leads to an address that bidders may not be reached at. `aborted`: by the caller's signal. */
export type BidderFailure =
  | 'timed_out'
  | 'connect_failed'
  | 'bad_status'
  | 'too_large'
  | 'bad_encoding'
  | 'address_refused'
  | 'aborted';

/** Connections to bidders. */
export interface BidderConnections {
  /** Never rejects. */
  send(call: BidderCall, signal: AbortSignal | null): Promise<BidderReply>;
  close(): Promise<void>;
}

/** One notice to a bidder: `nurl` at the win, `burl` at the billable event, `lurl` at the loss. */
export interface BidderNotice {
  /** The same notice has the same id. */
  readonly id: string;
  readonly kind: 'win' | 'billing' | 'loss';
  /** With its macros filled. */
  readonly url: string;
  readonly bidderId: string;
  /** From then on nobody tries to deliver it any more, Unix ms. */
  readonly expiresAt: number;
}

/** Sends notices until they are taken (200 or 204) or out of date. */
export interface NoticeSender {
  /** Returns at once and never throws. */
  send(notice: BidderNotice): void;
}

/** A sender that has a memory: what was kept goes on being tried after a restart, and an id that was seen is not sent again within its life. */
export interface DurableNotices extends NoticeSender {
  /** Resolves once every notice that was handed over before is on the disk. Error: `DISK_SYNC_FAILED`. */
  kept(): Promise<void>;
}
