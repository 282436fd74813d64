import { describe, expect, it } from 'vitest';
import { AdtallyError } from '../../domain/errors.ts';
import type { HttpRequest, HttpResponse } from '../../ports/http.ts';
import type { Span } from '../../ports/tracer.ts';
import { createSimulatedClock } from '../simulated/clock.ts';
import { otlpRequest } from './otlp-json.ts';
import { createOtlpTracer, type OtlpTracerOptions } from './otlp-tracer.ts';

const resource = { service: 'adtally-serve', instance: 'node-1' };

function span(number: number, change: Partial<Span> = {}): Span {
  return {
    traceId: '018f00000000700080000000000000aa',
    spanId: String(number).padStart(16, '0'),
    parentId: null,
    name: `span ${number}`,
    kind: 'internal',
    startUs: 1_800_000_000_123_456,
    endUs: 1_800_000_000_123_556,
    attributes: {},
    ...change,
  };
}

/** A collector that answers as it is told, and a tracer that sends to it. */
function openTracer(change: Partial<OtlpTracerOptions> = {}) {
  const clock = createSimulatedClock({ startMs: 0 });
  const requests: HttpRequest[] = [];
  const troubles: string[] = [];
  const state: { answer: () => Promise<HttpResponse> } = {
    answer: async () => ({ status: 200, headers: {}, body: new Uint8Array() }),
  };
  const http = {
    send: (request: HttpRequest) => {
      requests.push(request);
      return state.answer();
    },
    close: async () => {},
  };
  const tracer = createOtlpTracer({
    http,
    clock,
    endpoint: 'http://collector:4318/v1/traces',
    resource,
    sampling: 1,
    onTrouble: (sentence) => troubles.push(sentence),
    ...change,
  });
  const sent = () => requests.map(({ body }) => JSON.parse(String(body)).resourceSpans[0].scopeSpans[0].spans.length);
  return { tracer, clock, requests, troubles, state, sent };
}

describe('Spans in OTLP', () => {
  it('are written as its JSON wants them: ids in hexadecimal, times as text of nanoseconds, enums as numbers', () => {
    const link = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
    const attributes = { text: 'a', whole: 7, part: 0.5, yes: true };
    const written = JSON.parse(
      otlpRequest(resource, [span(1, { parentId: '00000000000000ff', kind: 'server', attributes, links: [link] })]),
    );
    expect(written).toEqual({
      resourceSpans: [
        {
          resource: {
            attributes: [
              { key: 'service.name', value: { stringValue: 'adtally-serve' } },
              { key: 'service.instance.id', value: { stringValue: 'node-1' } },
            ],
          },
          scopeSpans: [
            {
              scope: { name: 'adtally' },
              spans: [
                {
                  traceId: '018f00000000700080000000000000aa',
                  spanId: '0000000000000001',
                  parentSpanId: '00000000000000ff',
                  name: 'span 1',
                  kind: 2,
                  startTimeUnixNano: '1800000000123456000',
                  endTimeUnixNano: '1800000000123556000',
                  attributes: [
                    { key: 'text', value: { stringValue: 'a' } },
                    { key: 'whole', value: { intValue: '7' } },
                    { key: 'part', value: { doubleValue: 0.5 } },
                    { key: 'yes', value: { boolValue: true } },
                  ],
                  links: [link],
                  status: {},
                },
              ],
            },
          ],
        },
      ],
    });
  });
});

describe('The tracer', () => {
  it('gathers spans for a while and sends them together', async () => {
    const { tracer, clock, sent, requests } = openTracer();
    for (let number = 0; number < 3; number += 1) tracer.record(span(number));
    expect(sent()).toEqual([]);
    await clock.advance(200);
    expect(sent()).toEqual([3]);
    expect(requests[0]).toMatchObject({ method: 'POST', url: 'http://collector:4318/v1/traces' });
    tracer.record(span(4));
    await clock.advance(200);
    expect(sent()).toEqual([3, 1]);
    expect(tracer.counts).toEqual({ sent: 4, dropped: 0 });
  });

  it('keeps no more than its queue holds while the collector does not answer, and counts what it drops', async () => {
    const held = Promise.withResolvers<HttpResponse>();
    const { tracer, clock, state, sent } = openTracer({ maxQueued: 10, batchSpans: 4 });
    state.answer = () => held.promise;
    for (let number = 0; number < 4; number += 1) tracer.record(span(number));
    await clock.advance(200);
    for (let number = 0; number < 25; number += 1) tracer.record(span(number));
    expect(tracer.queued()).toBe(10);
    expect(tracer.counts).toEqual({ sent: 0, dropped: 15 });
    held.resolve({ status: 200, headers: {}, body: new Uint8Array() });
    await clock.advance(1_000);
    expect(sent()).toEqual([4, 4, 4, 2]);
    expect(tracer.counts).toEqual({ sent: 14, dropped: 15 });
  });

  it.each([
    ['is away', async () => Promise.reject(new AdtallyError('HTTP_FAILED', 'nobody there'))],
    ['refuses', async () => ({ status: 503, headers: {}, body: Buffer.from('full') })],
  ])('drops what it could not send where the collector %s, says so, and goes on with what comes', async (_, answer) => {
    const { tracer, clock, state, troubles } = openTracer();
    const well = state.answer;
    state.answer = answer;
    tracer.record(span(1));
    await clock.advance(200);
    expect(tracer.counts).toEqual({ sent: 0, dropped: 1 });
    expect(troubles).toHaveLength(1);
    state.answer = well;
    tracer.record(span(2));
    await clock.advance(200);
    expect(tracer.counts).toEqual({ sent: 1, dropped: 1 });
  });

  it('sends what waits when it closes, and takes nothing after', async () => {
    const { tracer, clock, sent } = openTracer();
    tracer.record(span(1));
    const closed = tracer.close();
    await clock.advance(200);
    await closed;
    expect(sent()).toEqual([1]);
    tracer.record(span(2));
    expect([tracer.queued(), tracer.counts.dropped]).toEqual([0, 1]);
  });
});
