import type { Catalog } from '../domain/catalog.ts';
import type { Overload } from './overload.ts';
import type { PlacementYields } from './placement-yields.ts';

export interface AdmissionDeps {
  readonly overload: Overload;
  readonly yields: PlacementYields;
  readonly catalog: Pick<Catalog, 'placements'>;
}

const placementField = /"placement_id"\s*:\s*"(pl_[0-9A-Za-z]{1,12})"/g;

/** Placements that the text of a decision request names, without parsing it. What it misses costs an estimate, nothing else. */
export function placementsNamed(body: string): string[] {
  return Array.from(body.matchAll(placementField), ([, id = '']) => id);
}

/** Of so many requests one is looked at while everything is taken. */
const observedOf = 8;

/** Decides under overload which decision requests are worked on. */
export class Admission {
  readonly #deps: AdmissionDeps;
  #asked = 0;

  constructor(deps: AdmissionDeps) {
    this.#deps = deps;
  }

  /** While the process is calm nobody needs to be asked. */
  get isCalm(): boolean {
    return this.#deps.overload.isCalm();
  }

  /** Whether the request of this body is worked on. @param waitedMs since its turn of the event loop began */
  takesBody(body: string, waitedMs: number): boolean {
    const { overload } = this.#deps;
    if (!overload.isCalm(waitedMs)) return this.takes(placementsNamed(body), waitedMs);
    this.#asked += 1;
    if (this.#asked % observedOf === 0) overload.observe(this.#worth(placementsNamed(body)));
    return true;
  }

  /** Whether a request for ads at these placements is worked on; what is lost with one that is not, is counted. */
  takes(placementIds: readonly string[], waitedMs = 0): boolean {
    const { overload, yields } = this.#deps;
    if (overload.admits(this.#worth(placementIds), waitedMs)) return true;
    for (const id of placementIds) {
      const expected = yields.expected(id);
      if (expected !== null) overload.countLoss(expected.micros, expected.currency);
    }
    return false;
  }

  #worth(placementIds: readonly string[]): number {
    const { yields, catalog } = this.#deps;
    let worth = 0;
    for (const id of placementIds) worth += yields.worth(id, catalog.placements.get(id)?.tier ?? '');
    return worth;
  }
}
