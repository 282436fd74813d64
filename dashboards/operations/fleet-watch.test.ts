import { expect, it } from 'vitest';
import { createSimulatedClock } from '../../adapters/simulated/clock.ts';
import { AdtallyError } from '../../domain/errors.ts';
import { burnsOf } from './burn.ts';
import { FleetWatch } from './fleet-watch.ts';
import { fleetAlerts } from './fleet-alerts.ts';
import { requestsOf } from './requests.ts';

const serve = { name: 'serve', kind: 'serve', url: 'http://127.0.0.1:1' } as const;
const startMs = Date.UTC(2026, 10, 22, 8);

/** A fleet of one serving process, which says what a test wants. */
function fleetOf() {
  const clock = createSimulatedClock({ startMs });
  const says = { answers: 'adtally_decision_answers_total{outcome="in_time"} 0', isUp: true };
  const fleet = new FleetWatch({
    clock,
    targets: async () => [serve],
    ask: async (url) => {
      if (!says.isUp) throw new AdtallyError('HTTP_FAILED', 'GET: refused');
      return { status: 200, text: url.endsWith('/metrics') ? says.answers : '{"status":"ready"}' };
    },
    own: async () => 'adtally_truth_checks_total{truth="final",outcome="within"} 1',
    onFailure: (error) => {
      throw error;
    },
  });
  const count = (inTime: number, shed: number) => {
    says.answers = `adtally_decision_answers_total{outcome="in_time"} ${inTime}\nadtally_decision_answers_total{outcome="shed"} ${shed}`;
  };
  const round = async (afterMs: number) => {
    await clock.advance(afterMs);
    await fleet.round();
  };
  return { fleet, clock, says, count, round };
}

it('What a process counted before it was watched is in no window; what it counts since is', async () => {
  const { fleet, clock, count, round } = fleetOf();
  count(1_000_000, 500_000);
  await round(5_000);
  expect(requestsOf(fleet.history, clock.now()).requests).toBe(0);
  count(1_000_190, 500_010);
  await round(5_000);
  const { requests, answers, over_ms, per_second } = requestsOf(fleet.history, clock.now());
  expect({ requests, answers }).toEqual({ requests: 200, answers: { in_time: 190, shed: 10 } });
  expect(over_ms, 'no five minutes were watched').toBe(10_000);
  expect(per_second).toBe(20);
});

it('A window that was not wholly watched has no burn rate; what was watched has one of its own', async () => {
  const { fleet, clock, count, round } = fleetOf();
  count(0, 0);
  await round(1_000);
  count(990, 10);
  await round(5 * 60_000);
  const decisions = burnsOf(fleet.history, clock.now()).find(({ name }) => name === 'decisions');
  expect(decisions?.windows.map(({ window, is_whole, rate }) => [window, is_whole, rate === null])).toEqual([
    ['5m', true, false],
    ['30m', false, true],
    ['1h', false, true],
    ['6h', false, true],
  ]);
  expect(decisions?.watched).toMatchObject({ good: 990, total: 1_000 });
  expect(decisions?.watched.rate).toBeCloseTo(2, 9);
});

it('A process that began anew has counted what it says; one that is away keeps what it said, and is an alert', async () => {
  const { fleet, clock, says, count, round } = fleetOf();
  count(100, 0);
  await round(5_000);
  says.isUp = false;
  await round(5_000);
  const awaySince = clock.now();
  await round(5_000);
  const [, away] = fleet.processes();
  expect(away).toMatchObject({ name: 'serve', isUp: false, sinceMs: awaySince, problem: 'GET: refused' });
  expect(fleetAlerts(fleet.processes(), () => 0)).toEqual([
    { level: 'wrong', name: 'ProcessDown', sentence: 'serve does not answer since 08:00:10 UTC.' },
  ]);
  says.isUp = true;
  count(30, 0);
  await round(5_000);
  expect(requestsOf(fleet.history, clock.now()).requests).toBe(30);
  expect(fleetAlerts(fleet.processes(), () => 0)).toEqual([]);
});
