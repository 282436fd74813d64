import { AdtallyError, type ErrorCode, isAdtallyError } from '../domain/errors.ts';
import { eventId, uuidV7 } from '../domain/identity.ts';
import type { Beacon, BeaconKind, Lease, Transport } from '../domain/records.ts';
import { isNotice, kindExpiry, type TokenClaims, verifyToken } from '../domain/token.ts';
import type { Random } from '../ports/random.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import type { Tracer } from '../ports/tracer.ts';
import { appendBeacon } from './beacon-trace.ts';
import { evidenceKinds, evidenceRecord, isBillable, spendRecord } from './beacon-records.ts';
import type { LeaseBook } from './lease-book.ts';
import type { BufferRecord, LocalBuffer } from './local-buffer.ts';
import type { NodeClock } from './node-clock.ts';
import { RecentSet } from './recent-set.ts';
import type { Rejections } from './rejections.ts';
import type { TokenKeys } from './token-keys.ts';

/** A beacon as it came in. */
export interface Arrival {
  /** Name of the event, as the client gives it. */
  readonly event: string;
  readonly token: string;
  readonly transport: Transport;
  /** Truncated network of the sender; empty if unknown. */
  readonly network: string;
  readonly userAgent: string;
  /** ms; what the client says. */
  readonly occurredAt: number | null;
  /** Distinguishes events of a kind that may happen again (mute, pause …). */
  readonly ordinal: number;
}

/** It is recorded: once `stored` resolves it will be in the log, whatever happens. */
export interface TakenBeacon {
  readonly taken: true;
  readonly claims: TokenClaims;
  readonly beacon: Beacon;
  readonly stored: Promise<void>;
}

/** It is not believed. */
export interface RefusedBeacon {
  readonly taken: false;
  readonly code: ErrorCode;
}

export type BeaconResult = TakenBeacon | RefusedBeacon;

/** A kind of event with the genuine token that allows it. */
interface Verified {
  readonly kind: BeaconKind;
  readonly claims: TokenClaims;
  /** Until when, ms. */
  readonly expiresAt: number;
}

/** How many beacons of each kind and judgement were taken, spend written and skipped, and why others were refused. */
export interface BeaconCounts {
  readonly accepted: Record<BeaconKind, number>;
  readonly late: Record<BeaconKind, number>;
  readonly refused: Map<ErrorCode, number>;
  incurred: number;
  incurredBefore: number;
  clicksWithoutLease: number;
  /** Genuine, and turned away for want of room. */
  notStored: number;
}

export interface BeaconDeskOptions {
  readonly buffer: LocalBuffer;
  readonly keys: TokenKeys;
  readonly clock: NodeClock;
  readonly random: Random;
  readonly registry: SchemaRegistry;
  readonly leases: LeaseBook;
  readonly rejections: Rejections;
  /** Life of the longest token: for so long a click or a charge is remembered, ms. */
  readonly longestTokenMs: number;
  /** Null: nothing is traced. */
  readonly tracer?: Tracer | null;
}

/** Selections whose charge this process has already appended, at the most (about 100 bytes each). */
const rememberedClicks = 500_000;
const rememberedViews = 200_000;
const userAgentCharacters = 256;

function isKind(event: string): event is BeaconKind {
  return Object.hasOwn(evidenceKinds, event);
}

function zeroes(): Record<BeaconKind, number> {
  return Object.fromEntries(Object.keys(evidenceKinds).map((kind) => [kind, 0])) as Record<BeaconKind, number>;
}

/** Judges beacons and writes down what follows from them: evidence always, spend for the one billable event of a selection. */
export class BeaconDesk {
  readonly counts: BeaconCounts = {
    accepted: zeroes(),
    late: zeroes(),
    refused: new Map(),
    incurred: 0,
    incurredBefore: 0,
    clicksWithoutLease: 0,
    notStored: 0,
  };
  readonly #options: BeaconDeskOptions;
  /**
   * Selections charged here already. Every arrival is kept as evidence; only the record of the charge is not repeated: the first one
   * lies before it in the same buffer, so it is on disk when the repetition is.
   */
  readonly #chargedViews: RecentSet;
  /** Apart, because each forgotten click costs a second draw, and views are many. */
  readonly #chargedClicks: RecentSet;

  constructor(options: BeaconDeskOptions) {
    this.#options = options;
    this.#chargedViews = new RecentSet({ spanMs: options.longestTokenMs, capacity: rememberedViews });
    this.#chargedClicks = new RecentSet({ spanMs: options.longestTokenMs, capacity: rememberedClicks });
  }

  /**
   * Takes one beacon, at once unless its token names a key that another node may just have made. `stored` rejects with `BUFFER_FULL` if there
   * is no room; nothing was drawn then.
   */
  take(arrival: Arrival): BeaconResult | Promise<BeaconResult> {
    const now = this.#options.clock.now();
    const verified = this.#verify(arrival.event, arrival.token, now);
    if (!(verified instanceof AdtallyError)) return this.#record(arrival, verified, now);
    if (verified.code !== 'TOKEN_UNKNOWN_KEY' || !this.#options.keys.mayHaveMore())
      return this.#refuse(arrival, verified);
    return this.#options.keys.reload().then(() => this.take(arrival));
  }

  /** What a token says if it allows an event, else why not. Records nothing. */
  async inspect(event: string, token: string): Promise<TokenClaims | ErrorCode> {
    const { clock, keys } = this.#options;
    let verified = this.#verify(event, token, clock.now());
    if (isAdtallyError(verified, 'TOKEN_UNKNOWN_KEY') && keys.mayHaveMore()) {
      await keys.reload();
      verified = this.#verify(event, token, clock.now());
    }
    return verified instanceof AdtallyError ? verified.code : verified.claims;
  }

  /** Notes something that has not even the shape of a beacon. */
  refuse(transport: Transport, text: string): void {
    this.#refuse({ transport, token: text, event: '' }, new AdtallyError('TOKEN_MALFORMED', 'not a beacon path'));
  }

  #verify(event: string, token: string, now: number): Verified | AdtallyError {
    if (!isKind(event)) return new AdtallyError('VALIDATION_FAILED', 'no such event');
    let claims: TokenClaims;
    try {
      claims = verifyToken(token, this.#options.keys.all(), now);
    } catch (error) {
      if (error instanceof AdtallyError) return error;
      throw error;
    }
    const expiresAt = kindExpiry(claims, event);
    if (expiresAt !== null) return { kind: event, claims, expiresAt };
    return new AdtallyError('TOKEN_KIND_NOT_ALLOWED', `the token does not allow ${event}`);
  }

  #record(arrival: Arrival, { kind, claims, expiresAt }: Verified, now: number): TakenBeacon {
    const { buffer, registry, random } = this.#options;
    const { node, boot } = buffer;
    const ordinal = evidenceKinds[kind].once ? 0 : arrival.ordinal;
    const beacon: Beacon = {
      receipt_id: uuidV7(now, random.bytes(10)),
      event_id: eventId(claims.billing.selection_id, kind, ordinal),
      kind,
      ordinal,
      origin: { node, boot, sequence: buffer.nextSequence() },
      billing: claims.billing,
      key_id: claims.keyId,
      kind_expires_at: expiresAt,
      judgement: now > expiresAt ? 'LATE' : 'ACCEPTED',
      received_at: now,
      occurred_at: arrival.occurredAt,
      transport: arrival.transport,
      network: arrival.network,
      user_agent: isNotice(claims) ? '' : arrival.userAgent.slice(0, userAgentCharacters),
    };
    if (!buffer.hasRoomFor('beacon')) {
      this.counts.notStored += 1;
      const stored = Promise.reject(new AdtallyError('BUFFER_FULL', 'the private buffer is full'));
      return { taken: true, claims, beacon, stored };
    }
    const charge = this.#charge(beacon);
    const records: BufferRecord[] = charge === null ? [] : [spendRecord(registry, beacon, charge.drawLease)];
    records.push(evidenceRecord(registry, beacon, kind === 'click' ? (charge?.drawLease ?? null) : null));
    const { tracer = null } = this.#options;
    const stored =
      tracer?.samples(claims.billing.selection_id) === true
        ? appendBeacon(beacon, records, { tracer, buffer, nowUs: () => 1000 * this.#options.clock.now() })
        : buffer.append(beacon.origin.sequence, records);
    this.counts[beacon.judgement === 'LATE' ? 'late' : 'accepted'][kind] += 1;
    return { taken: true, claims, beacon, stored };
  }

  /** What to charge for a beacon and on which lease; null if nothing, or if it was charged here before. */
  #charge(beacon: Beacon): { readonly drawLease: Lease | null } | null {
    if (!isBillable(beacon)) return null;
    const { selection_id, pricing_model, draw_lease } = beacon.billing;
    const charged = pricing_model === 'CPC' ? this.#chargedClicks : this.#chargedViews;
    if (charged.has(selection_id)) {
      this.counts.incurredBefore += 1;
      return null;
    }
    charged.add(selection_id, beacon.received_at);
    this.counts.incurred += 1;
    return { drawLease: pricing_model === 'CPC' ? this.#drawForClick(beacon) : draw_lease };
  }

  /** A click is paid by the node that takes it, on the budget day of the click; null if no lease holds the price. */
  #drawForClick({ billing, received_at }: Beacon): Lease | null {
    if (billing.test) return null;
    const { leases } = this.#options;
    const day = leases.dayOf(billing.campaign_id, received_at);
    const lease = day === null ? null : leases.draw(billing.campaign_id, day, billing.price_micros);
    if (lease === null) this.counts.clicksWithoutLease += 1;
    return lease;
  }

  #refuse(
    { transport, token, event }: Pick<Arrival, 'transport' | 'token' | 'event'>,
    { code, message }: AdtallyError,
  ): RefusedBeacon {
    this.counts.refused.set(code, (this.counts.refused.get(code) ?? 0) + 1);
    this.#options.rejections.note({
      route: transport,
      code,
      reason: message,
      token,
      event: isKind(event) ? event : '',
    });
    return { taken: false, code };
  }
}
