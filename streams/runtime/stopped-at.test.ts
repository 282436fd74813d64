import { describe, expect, it } from 'vitest';
import type { LogRecord } from '../../ports/event-log.ts';
import { content, incurred, tick, verdict } from '../../test/spend-story.ts';
import { stoppedAt } from './stopped-at.ts';

const source: LogRecord = { topic: 'spend', shard: 0, offset: 7, key: 'k', value: Buffer.from(''), appendedAt: 0 };
const billing = content(0);
const { selection_id } = billing;
const traceparent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-03`;

describe('the record that a shard stopped at', () => {
  it.each([
    ['says what is billed', incurred(billing)],
    ['is a verdict', verdict(billing)],
  ])('is of the ad in it where it %s', (_, record) => {
    expect(stoppedAt(source, record)).toEqual({ topic: 'spend', offset: 7, selection_id });
  });

  it('has the trace of its header, and by that its ad where it could not be read', () => {
    const trace_id = 'ab'.repeat(16);
    const traced = { ...source, traceparent };
    expect(stoppedAt(traced, null)).toMatchObject({ selection_id: 'abababab-abab-abab-abab-abababababab', trace_id });
    expect(stoppedAt(traced, verdict(billing))).toMatchObject({ selection_id, trace_id });
  });

  it('is of no ad where nothing says of one', () => {
    expect(stoppedAt(source, tick(0))).toEqual({ topic: 'spend', offset: 7 });
    expect(stoppedAt({ ...source, traceparent: 'forged' }, null)).toEqual({ topic: 'spend', offset: 7 });
  });
});
