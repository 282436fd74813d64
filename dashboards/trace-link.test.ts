import { expect, it } from 'vitest';
import { traceLinks } from './trace-link.ts';

const id = '018f0000-0000-7000-8080-0123456789ab';

it('The trace of a sampled ad is its id, with a link where a page is named; of any other there is none', () => {
  const trace_id = '018f00000000700080800123456789ab';
  expect(traceLinks(1, '')(id)).toEqual({ trace_id, url: null });
  expect(traceLinks(1, 'http://viewer/trace/{trace_id}?of={trace_id}')(id)).toEqual({
    trace_id,
    url: `http://viewer/trace/${trace_id}?of=${trace_id}`,
  });
  expect(traceLinks(0, '')(id)).toBeNull();
  expect(traceLinks(0.4, '')(id)).toBeNull();
  expect(traceLinks(0.6, '')(id)).not.toBeNull();
});
