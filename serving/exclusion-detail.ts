import { inZone } from './bitmap-expressions.ts';
import type { IndexedLineItem } from './catalog-index.ts';
import { expressionValues, failingText } from './expression-values.ts';
import { capOf, type CapScope } from './person-exposures.ts';
import type { SlotAttributes } from './targeting.ts';
import type { ZoneClock } from './zone-clock.ts';

/** What an exclusion is told in detail by. */
export interface DetailSource {
  readonly attributes: SlotAttributes;
  readonly clockOf: (zone: string) => ZoneClock;
  /** Exposures of the person, where they are known. */
  readonly exposures?: (item: IndexedLineItem, scope: CapScope) => number;
}

const scopeOf: Readonly<Record<string, CapScope>> = {
  cap_reached: 'line_item',
  campaign_cap_reached: 'campaign',
  advertiser_cap_reached: 'advertiser',
};

/** More about an exclusion than its reason, where there is more: the part of the expression that failed, the cap and what was counted. */
export function exclusionDetail(reason: string, item: IndexedLineItem, source: DetailSource): string | null {
  if (reason === 'expression') {
    const valuesOf = expressionValues(source.attributes, source.clockOf);
    const { zone } = item.clock;
    return failingText(item.lineItem.targeting.expression, (attribute) => valuesOf(inZone(attribute, zone)));
  }
  const scope = scopeOf[reason];
  const cap = scope === undefined ? null : capOf(item, scope);
  if (scope === undefined || cap === null || source.exposures === undefined) return null;
  const window = cap.calendar === '' ? `${cap.window_ms} ms` : `the ${cap.calendar}`;
  return `${source.exposures(item, scope)} of ${cap.impressions} exposures within ${window}`;
}
