import { duration, moment, percent, shownMoney } from '../../format.ts';
import { forecastOf, type Pacing, phaseOf } from './forecast.ts';

/** What will become of a campaign, in a sentence or two that need no table. */
export function outlookOf(pacing: Pacing): string {
  const { flight, at, budget } = pacing;
  const spent = `${money(pacing, pacing.actual_micros)}, ${share(pacing, BigInt(pacing.actual_micros))} of its budget`;
  switch (phaseOf(pacing)) {
    case 'over':
      return `Its flight ended at ${moment(flight.ends_at)} UTC. It spent ${spent}.`;
    case 'paused':
      return `It is paused or archived, so nothing is granted. It has spent ${spent}.`;
    case 'waiting':
      return `Its budget of ${money(pacing, budget.wanted_micros)} is not in effect yet.`;
    case 'before':
      return `Its flight begins at ${moment(flight.starts_at)} UTC, in ${duration(Date.parse(flight.starts_at) - Date.parse(at))}. Nothing is granted before.`;
    case 'spent':
      return `All of its budget is committed, ${duration(Date.parse(flight.ends_at) - Date.parse(at))} before the end of its flight. It has spent ${spent}; what is reserved and not shown comes back.`;
    default:
      return running(pacing);
  }
}

function running(pacing: Pacing): string {
  const forecast = forecastOf(pacing);
  if (forecast === null) return 'No forecast yet: no whole window has passed.';
  const { micros, endsBefore, overMs, perSecond } = forecast;
  const { flight, at } = pacing;
  const rate = perSecond === 0 ? 'Nothing was spent in' : 'At the rate of';
  if (endsBefore !== null) {
    const early = duration(Date.parse(flight.ends_at) - Date.parse(endsBefore));
    const until = duration(Date.parse(endsBefore) - Date.parse(at));
    return `${rate} the last ${duration(overMs)} its budget runs out at ${moment(endsBefore)} UTC, in ${until} and ${early} before the end of its flight.`;
  }
  const goesOn = perSecond === 0 ? '; if that goes on, it' : ' it';
  return `${rate} the last ${duration(overMs)}${goesOn} will have spent ${share(pacing, micros)} of its budget, ${money(pacing, micros)}, when its flight ends at ${moment(flight.ends_at)} UTC.`;
}

function money({ currency }: Pacing, micros: string | bigint): string {
  return shownMoney(micros, currency);
}

function share({ budget }: Pacing, micros: bigint): string {
  return percent(Number(micros), Number(budget.effective_micros ?? budget.wanted_micros));
}
