import { describe, expect, test } from 'vitest';
import { readMetrics } from '../operations/metrics-text.ts';
import type { FleetProcess } from '../operations/fleet-watch.ts';
import { marketNow } from './bidders-now.ts';

const now = Date.UTC(2026, 0, 5, 10);

function processOf(name: string, text: string, more: Partial<FleetProcess> = {}): FleetProcess {
  const kind = name.startsWith('serve') ? 'serve' : 'streams';
  const seen = { url: '', isUp: true, sinceMs: now, seenAtMs: now - 1_000, answerMs: 2, problem: '', readiness: null };
  return { name, kind, ...seen, samples: readMetrics(text), ...more };
}

const serve = (breaker: number, timeoutMs: number) => `
adtally_bidder_breaker{bidder_id="bd_a"} ${breaker}
adtally_bidder_share{bidder_id="bd_a"} ${breaker === 0 ? 1 : 0.2}
adtally_bidder_timeout_ms{bidder_id="bd_a"} ${timeoutMs}
adtally_bidder_came_late_total{bidder_id="bd_a"} 3
adtally_bidder_in_flight 2
adtally_bidder_mishandled 0
adtally_bidder_notices_waiting 4
adtally_bidder_notices_total{kind="win",outcome="sent"} 7
`;

describe('What the processes say of bidders', () => {
  const streams = 'adtally_bidder_notices_waiting 5\nadtally_bidder_notices_total{kind="billing",outcome="sent"} 9\n';
  const all = [
    processOf('serve-1', serve(0, 40)),
    processOf('serve-2', serve(2, 60), { seenAtMs: now - 4_000 }),
    processOf('streams', streams),
  ];

  test('is told as it is where the bidder stands worst, and what they count is added up', () => {
    expect(marketNow(all, now)).toEqual({
      at: '2026-01-05T10:00:00.000Z',
      processes: 3,
      seen_at: '2026-01-05T09:59:56.000Z',
      bidders: [
        {
          bidder_id: 'bd_a',
          breaker: 'open',
          share: 0.2,
          timeout_least_ms: 40,
          timeout_most_ms: 60,
          came_late: 6,
        },
      ],
      in_flight: 4,
      mishandled: 0,
      notices_waiting: 13,
      notices: [
        { kind: 'billing', outcome: 'sent', notices: 9 },
        { kind: 'win', outcome: 'sent', notices: 14 },
      ],
    });
  });

  test('is nothing of a process that does not answer', () => {
    const away = all.map((one) => ({ ...one, isUp: false }));
    expect(marketNow(away, now)).toMatchObject({ processes: 0, seen_at: null, bidders: [], notices_waiting: 0 });
  });
});
