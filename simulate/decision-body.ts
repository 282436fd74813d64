import type { Json } from './console-client.ts';
import { pick } from './people.ts';
import type { PublishedCatalog } from './publish-catalog.ts';
import { dependsOnRivals, placementTerms } from './sale-price.ts';
import { topics } from './simulated-catalog.ts';
import type { Visit } from './visit-plan.ts';

/** A request for ads. */
export interface Ask {
  readonly body: Json;
  /** User agent of the request and of the beacons that follow. */
  readonly askingAgent: string;
  readonly beaconAgent: string;
}

/** Makes the requests of visits. */
export interface Asks {
  make(visit: Visit): Ask;
  /** An ad was selected for a request; called for each. */
  selected(ask: Ask): void;
  /** True once everything was asked as often as it is to be. */
  isEnough(): boolean;
}

/** Pages of the simulated publishers, with one to three slots. */
export function pageAsks(placements: PublishedCatalog['placements']): Asks {
  const placementIds = placements.map(({ placementId }) => placementId);
  const rivalled = new Set(
    placements.filter(({ body }) => dependsOnRivals(placementTerms(body))).map(({ placementId }) => placementId),
  );
  return {
    isEnough: () => true,
    selected: () => undefined,
    make({ random, person, askingAgent, beaconAgent, number }) {
      const wanted = random.fraction() < 0.7 ? 1 : 2 + Math.floor(random.fraction() * 2);
      const topic = pick(random, topics);
      const slots = Array.from({ length: wanted }, (_, index) => ({
        id: `slot-${index}`,
        placement_id: pick(random, placementIds),
        key_values: { topic },
      }));
      const debug = slots.some(({ placement_id }) => rivalled.has(placement_id));
      const body = {
        slots,
        // Whose price depends on others can be foreseen only by who says who they were.
        ...(debug && { debug }),
        user: { id: person.id },
        device: { ua: askingAgent, ip: person.address, language: person.language, type: person.deviceType },
        geo: { country: person.country },
        consent: consentOf(person.consent),
        context: { url: `https://www.gazette.example/${topic}/${number % 997}`, keywords: [topic] },
      };
      return { body, askingAgent, beaconAgent };
    },
  };
}

function consentOf(consent: Visit['person']['consent']): Json {
  if (consent === 'not_in_scope') return { gdpr: false };
  return consent === 'coppa' ? { gdpr: false, coppa: true } : { gdpr: true };
}
