import { timeOfUuidV7 } from '../../../domain/identity.ts';
import type { BeaconKind } from '../../../domain/records.ts';
import { type CaseFile, type Finding, type QualityOptions, type Rule, refOf, type Sighting } from './rule.ts';

/** SIVT: what was charged happened before it can have, or its ad was clicked on faster than a person is. */
export const impossibleTiming: Rule = {
  code: 'impossible_timing',
  category: 'SIVT',
  judge: (file, charged, before, options) => {
    if (charged.at >= before) return null;
    return beforeSelection(file, charged, options) ?? tooSoon(file, charged, before, options);
  },
};

function beforeSelection(file: CaseFile, charged: Sighting, { clockSkewMs }: QualityOptions): Finding | null {
  const earlyMs = file.selectedAt - charged.at;
  if (earlyMs <= clockSkewMs) return null;
  const reason = `the ${charged.kind} was received ${earlyMs} ms before its ad was selected`;
  return { reason, evidence: [refOf(file, charged)], at: charged.at };
}

/**
 * An ad that is clicked on before anybody can have seen it was shown to nobody: whatever it is charged for falls, be it the click, the impression or
 * the view.
 */
function tooSoon(file: CaseFile, charged: Sighting, before: number, options: QualityOptions): Finding | null {
  const click = charged.kind === 'click' ? charged : first(file, 'click', (at) => at < before);
  if (click === null) return null;
  const impression = first(file, 'impression', (at) => at <= click.at);
  if (impression === null) return null;
  const tookMs = distanceMs(impression, click, options);
  if (tookMs === null || tookMs < 0 || tookMs >= options.soonestClickMs) return null;
  const evidence = [impression, click, charged].filter((one, place, all) => all.indexOf(one) === place);
  return {
    reason: `the click came ${tookMs} ms after its impression`,
    evidence: evidence.map((one) => refOf(file, one)),
    at: Math.max(click.at, charged.at),
  };
}

/** The first beacon of a kind to be received, as far as its time allows. */
function first(file: CaseFile, wanted: BeaconKind, allows: (at: number) => boolean): Sighting | null {
  return file.sightings
    .filter(({ kind, at }) => kind === wanted && allows(at))
    .reduce<Sighting | null>((earliest, one) => (earliest === null || one.at < earliest.at ? one : earliest), null);
}

/** Beacons of one batch are received within it, ms. */
const batchMs = 1_000;

/**
 * Time between two beacons, where it can be told: of an SDK, which sends batches, by what it says of when each happened; else by the one clock of
 * the one boot that took both, unless that has just started and receives what waited for it.
 */
function distanceMs(first: Sighting, second: Sighting, { settleMs }: QualityOptions): number | null {
  if (first.isSdk || second.isSdk) {
    const isTold = first.occurredAt !== null && second.occurredAt !== null;
    // Its clock is believed as far as ours does not say otherwise.
    if (!isTold || Math.abs(second.at - first.at) >= batchMs) return null;
    return (second.occurredAt as number) - (first.occurredAt as number);
  }
  if (first.boot !== second.boot || first.at < timeOfUuidV7(first.boot) + settleMs) return null;
  return second.at - first.at;
}
