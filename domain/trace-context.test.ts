import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventId, isUuid, uuidV7 } from './identity.ts';
import {
  namedSpanId,
  readTraceparent,
  recordSpanOf,
  rootSpanOf,
  samplerOf,
  selectionOfTrace,
  spanIdOf,
  traceIdOf,
  traceparentLength,
  traceparentOf,
} from './trace-context.ts';

const selectionId = fc
  .tuple(fc.nat(2 ** 31 - 1), fc.uint8Array({ minLength: 10, maxLength: 10 }))
  .map(([time, random]) => uuidV7(time * 1000, random));

describe('The trace of an ad', () => {
  it('is its selection_id and gives it back', () => {
    fc.assert(
      fc.property(selectionId, (id) => {
        expect(traceIdOf(id)).toMatch(/^[0-9a-f]{32}$/);
        expect(selectionOfTrace(traceIdOf(id))).toBe(id);
        expect(isUuid(selectionOfTrace(traceIdOf(id)))).toBe(true);
      }),
    );
  });

  it('is written as a traceparent and read again', () => {
    fc.assert(
      fc.property(selectionId, selectionId, (id, other) => {
        const text = traceparentOf(id, spanIdOf(other));
        expect(text).toHaveLength(traceparentLength);
        expect(readTraceparent(text)).toEqual({ traceId: traceIdOf(id), spanId: spanIdOf(other) });
      }),
    );
  });

  it('has span ids of 16 hex digits that follow from ids alone', () => {
    const id = uuidV7(1_700_000_000_000, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
    expect(rootSpanOf(id)).toBe('830405060708090a');
    expect(recordSpanOf(id, 'incurred')).toBe(spanIdOf(eventId(id, 'incurred', 0)));
    for (const span of [rootSpanOf(id), recordSpanOf(id, 'reserved'), namedSpanId('spend/1/2')])
      expect(span).toMatch(/^[0-9a-f]{16}$/);
    expect(namedSpanId('a')).not.toBe(namedSpanId('b'));
  });
});

describe('A traceparent', () => {
  it('that is none is read as none', () => {
    const [trace, span] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
    expect(readTraceparent(`00-${trace}-${span}-00`)).toEqual({ traceId: trace, spanId: span });
    const bad = [
      '',
      `00-${trace}-${span}`,
      `01-${trace}-${span}-01`,
      `00-${'0'.repeat(32)}-${span}-01`,
      `00-${trace}-${'0'.repeat(16)}-01`,
      `00-${trace.toUpperCase()}-${span}-01`,
      `00-${trace}-${span}-01-more`,
      ` 00-${trace}-${span}-01`,
    ];
    for (const text of bad) expect([text, readTraceparent(text)]).toEqual([text, null]);
  });
});

describe('The sampler', () => {
  it('takes all at 1, none at 0, and of a smaller share only what the larger takes', () => {
    const [all, none, tenth, half] = [samplerOf(1), samplerOf(0), samplerOf(0.1), samplerOf(0.5)];
    fc.assert(
      fc.property(selectionId, (id) => {
        expect([all(id), none(id)]).toEqual([true, false]);
        if (tenth(id)) expect(half(id)).toBe(true);
      }),
    );
  });

  it('takes the share that it was given', () => {
    const sampled = samplerOf(0.1);
    let count = 0;
    for (let n = 0; n < 20_000; n += 1) {
      // The upper bits of a multiplicative hash are as good as random, and the same on every machine.
      const random = Uint8Array.from({ length: 10 }, (_, i) => Math.imul(n * 10 + i + 1, 0x9e3779b1) >>> 24);
      if (sampled(uuidV7(1_700_000_000_000, random))) count += 1;
    }
    expect(count).toBeGreaterThan(1_800);
    expect(count).toBeLessThan(2_200);
  });

  it('decides as OpenTelemetry does of the same trace id: its lower 56 bits against a threshold', () => {
    const half = samplerOf(0.5);
    expect(half('018f0000-0000-7000-8080-000000000000')).toBe(true);
    expect(half('018f0000-0000-7000-807f-ffffffffffff')).toBe(false);
  });
});
