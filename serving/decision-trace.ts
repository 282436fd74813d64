import { namedSpanId, readTraceparent, rootSpanOf, traceIdOf } from '../domain/trace-context.ts';
import type { Clock } from '../ports/clock.ts';
import type { Span, Tracer } from '../ports/tracer.ts';
import type { DecisionInput } from './decide.ts';
import type { IssuedAd } from './issue.ts';
import type { BufferRecord, LocalBuffer } from './local-buffer.ts';
import { appendTraced } from './traced-records.ts';

/** What of a decision is told. */
export interface DecidedAds {
  readonly input: DecisionInput;
  /** All of the answer. */
  readonly ads: readonly IssuedAd[];
  /** Monotonic, microseconds. */
  readonly arrivedUs: number;
  /** `traceparent` of the request. Linked to, and no more: a stranger does not decide what is traced here. */
  readonly traceparent: string | undefined;
}

export interface DecisionTracerDeps {
  readonly tracer: Tracer;
  readonly buffer: LocalBuffer;
  readonly clock: Clock;
  /** Wall clock of the boot, ms. */
  readonly nodeClock: { now(): number };
}

/** Between the two clocks so much may shift before spans follow, microseconds: the wall clock has but milliseconds. */
const shiftUs = 5_000;

/** Stages that each ad goes through for itself; the others are the request's. */
const adStages: readonly string[] = ['targeting', 'pacing', 'bidding', 'auction'];

/**
 * Tells of requests and their stages. They lie in the trace of the first traced ad; those of the other ads hold their own stages, and a link to it. A stage is as
 * long as it was measured; where it stands is reckoned by laying one after the other.
 */
export class DecisionTracer {
  readonly #deps: DecisionTracerDeps;
  #unixUs = 0;

  constructor(deps: DecisionTracerDeps) {
    this.#deps = deps;
  }

  /** Appends the records of an answer. */
  append(sequence: number, records: readonly BufferRecord[]): Promise<void> {
    const { clock } = this.#deps;
    return appendTraced(sequence, records, rootSpanOf, {
      ...this.#deps,
      nowUs: () => this.#unixOf(clock.monotonicUs()),
    });
  }

  /** The request, up to here. @returns the monotonic time of the end; undefined if no ad of it is traced. */
  decided({ input, ads: all, arrivedUs, traceparent }: DecidedAds): number | undefined {
    const { tracer, clock } = this.#deps;
    const ads = all.filter(({ billing }) => tracer.samples(billing.selection_id));
    const [first] = ads;
    if (first === undefined) return undefined;
    const endUs = clock.monotonicUs();
    const times = { startUs: this.#unixOf(arrivedUs), endUs: this.#unixOf(endUs) };
    const incoming = traceparent === undefined ? null : readTraceparent(traceparent);
    for (const ad of ads) {
      const isFirst = ad === first;
      const links = isFirst ? (incoming === null ? [] : [incoming]) : [contextOf(first)];
      tracer.record({ ...rootOf(ad, input, all.length), ...times, name: isFirst ? 'decision' : 'selection', links });
      for (const span of stagesOf(ad, input, { startUs: times.startUs, isFirst })) tracer.record(span);
    }
    return endUs;
  }

  /** From the decision to the moment at which the answer was handed to the socket; monotonic, microseconds. */
  returned(ads: readonly IssuedAd[], decidedUs: number, returnedUs: number): void {
    const { tracer } = this.#deps;
    for (const { billing } of ads) {
      const id = billing.selection_id;
      if (!tracer.samples(id)) continue;
      tracer.record({
        traceId: traceIdOf(id),
        spanId: namedSpanId(`${id}/respond`),
        parentId: rootSpanOf(id),
        name: 'respond',
        kind: 'internal',
        startUs: this.#unixOf(decidedUs),
        endUs: this.#unixOf(returnedUs),
        attributes: {},
      });
    }
  }

  #unixOf(monotonicUs: number): number {
    const { clock, nodeClock } = this.#deps;
    const unixUs = nodeClock.now() * 1000 - clock.monotonicUs();
    if (Math.abs(unixUs - this.#unixUs) > shiftUs) this.#unixUs = unixUs;
    return Math.round(this.#unixUs + monotonicUs);
  }
}

type Root = Omit<Span, 'name' | 'startUs' | 'endUs' | 'links'>;

function rootOf({ billing, chosen }: IssuedAd, input: DecisionInput, answered: number): Root {
  const id = billing.selection_id;
  return {
    traceId: traceIdOf(id),
    spanId: rootSpanOf(id),
    parentId: null,
    kind: 'server',
    attributes: {
      'adtally.request_id': input.requestId,
      'adtally.selection_id': id,
      'adtally.slot_id': chosen.slot.request.id,
      'adtally.channel': input.sender.channel,
      'adtally.ads': answered,
      'adtally.placement_id': billing.placement_id,
      'adtally.line_item_id': billing.line_item_id,
      'adtally.campaign_id': billing.campaign_id,
      'adtally.pricing_model': billing.pricing_model,
      'adtally.tier': chosen.slot.placement.tier,
      'adtally.plan': chosen.times.plan,
      'adtally.test': billing.test,
      'adtally.node': billing.node,
    },
  };
}

function contextOf({ billing }: IssuedAd) {
  return { traceId: traceIdOf(billing.selection_id), spanId: rootSpanOf(billing.selection_id) };
}

function* stagesOf(
  ad: IssuedAd,
  input: DecisionInput,
  { startUs, isFirst }: { readonly startUs: number; readonly isFirst: boolean },
): Generator<Span> {
  const id = ad.billing.selection_id;
  let atUs = startUs;
  for (const { stage, share_us, took_us } of input.deadline.stageTimes(ad.chosen.times)) {
    if (took_us === 0 || (!isFirst && !adStages.includes(stage))) continue;
    yield {
      traceId: traceIdOf(id),
      spanId: namedSpanId(`${id}/stage/${stage}`),
      parentId: rootSpanOf(id),
      name: stage,
      kind: 'internal',
      startUs: atUs,
      endUs: atUs + took_us,
      attributes: { 'adtally.share_us': share_us },
    };
    atUs += took_us;
  }
}
