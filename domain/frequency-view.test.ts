import { expect, test } from 'vitest';
import { decodeFrequencyView, encodeFrequencyView, frequencyViewKey, maxExposuresKept } from './frequency-view.ts';

test('a view is read back as it was written', () => {
  const view = { items: new Map([['li_A', [1, 2, 3]]]), selected: new Map([['li_A', [0, 2]]]), segments: ['sports'] };
  expect(decodeFrequencyView(encodeFrequencyView(view))).toEqual(view);
  expect(frequencyViewKey('k')).toBe('freq:k');
});

test('a view of before does not say when its exposures were selected', () => {
  const read = decodeFrequencyView(Buffer.from('{"v":1,"items":{"li_A":[3]},"segments":[]}'));
  expect(read).toEqual({ items: new Map([['li_A', [3]]]), selected: new Map(), segments: [] });
});

test('only the latest exposures of a line item are written', () => {
  const times = Array.from({ length: maxExposuresKept + 7 }, (_, index) => index);
  const read = decodeFrequencyView(encodeFrequencyView({ items: new Map([['li_A', times]]), segments: [] }));
  expect(read?.items.get('li_A')).toEqual(times.slice(7));
});

test.each([
  '',
  'null',
  '{}',
  '{"v":2,"items":{},"segments":[]}',
  '{"v":1,"items":{"li_A":3},"segments":[]}',
  '{"v":1,"items":{},"selected":{"li_A":["then"]},"segments":[]}',
  '{"v":1,"items":{}',
])('bytes that are no view of this version are no view: %s', (text) => {
  expect(decodeFrequencyView(Buffer.from(text))).toBeNull();
});
