import { expect, it } from 'vitest';
import { takeEvents } from './server-events.ts';

it('whole events are taken, and what has not ended is kept for later, wherever the stream was cut', () => {
  const stream = 'event: figures\ndata: {"a":1}\n\nevent: problem\ndata: {"detail":"x"}\n\n';
  for (let cut = 0; cut <= stream.length; cut += 1) {
    const first = takeEvents(stream.slice(0, cut));
    const second = takeEvents(first.rest + stream.slice(cut));
    expect([...first.events, ...second.events]).toEqual([
      { name: 'figures', data: '{"a":1}' },
      { name: 'problem', data: '{"detail":"x"}' },
    ]);
    expect(second.rest).toBe('');
  }
});
