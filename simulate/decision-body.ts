import type { Json } from './console-client.ts';
import { pick } from './people.ts';
import { topics } from './simulated-catalog.ts';
import type { Visit } from './visit-plan.ts';

/** A request for ads and what its visitor sends besides. */
export interface Ask {
  readonly body: Json;
  /** User agent of the beacons that follow, if the source names one; else the visitor's. */
  readonly userAgent: string | null;
}

/** Makes the request of a visit. */
export type AskMaker = (visit: Visit) => Ask;

/** A page of the simulated publishers with one to three slots. */
export function pageAsks(placementIds: readonly string[]): AskMaker {
  return ({ random, person, askingAgent, number }) => {
    const wanted = random.fraction() < 0.7 ? 1 : 2 + Math.floor(random.fraction() * 2);
    const topic = pick(random, topics);
    const slots = Array.from({ length: wanted }, (_, index) => ({
      id: `slot-${index}`,
      placement_id: pick(random, placementIds),
      key_values: { topic },
    }));
    return {
      userAgent: null,
      body: {
        slots,
        user: { id: person.id },
        device: { ua: askingAgent, ip: person.address, language: person.language, type: person.deviceType },
        geo: { country: person.country },
        consent: consentOf(person.consent),
        context: { url: `https://www.gazette.example/${topic}/${number % 997}`, keywords: [topic] },
      },
    };
  };
}

function consentOf(consent: Visit['person']['consent']): Json {
  if (consent === 'not_in_scope') return { gdpr: false };
  return consent === 'coppa' ? { gdpr: false, coppa: true } : { gdpr: true };
}
