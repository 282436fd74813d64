import type { Clock } from '../ports/clock.ts';
import type { BotGate } from './bot-gate.ts';
import type { ConsentGate, ConsentVerdict } from './consent.ts';
import type { Deadline } from './deadline.ts';
import type { DecisionRequest } from './decision-request.ts';
import type { Person, PersonReader } from './person.ts';
import type { RequestSender } from './slot.ts';

/** Who asks. */
export interface Caller {
  readonly channel: 'api' | 'openrtb';
  /** Of the request itself, where the body names no device. */
  readonly userAgent: string;
  readonly address: string;
  /** Truncates an address, so that it need not be parsed for each request of a connection. */
  readonly truncate: (address: string) => string;
  /** May see prices and reasons. */
  readonly trusted: boolean;
  /** Monotonic time of arrival, microseconds. */
  readonly arrivedUs: number;
  /** W3C Trace Context of the request, where anything is traced. */
  readonly traceparent?: string;
}

export interface EnrichmentDeps {
  readonly clock: Clock;
  readonly bots: BotGate;
  readonly consent: ConsentGate;
  readonly persons: PersonReader;
}

/** What is known of every request, at the cost of some look-ups in memory. */
export interface Mandatory {
  readonly sender: RequestSender;
  readonly consent: ConsentVerdict;
}

/** A read that would be given less than this is not begun, microseconds: timers are no finer. */
const leastReadUs = 1000;

/**
 * Enrichment in three classes. Mandatory and cheap: declared robots and blocked networks, device, consent, a person who is still in memory; from memory
 * alone, for every request. Skippable: the read of a person, which waits for a store; only with time for it, and a plan of degradation does
 * without it. Offline only: segments, exposures, click rates; computed by stream processors and read here as views, never for a request.
 */
export class Enrichment {
  readonly #deps: EnrichmentDeps;

  constructor(deps: EnrichmentDeps) {
    this.#deps = deps;
  }

  /** Null: a declared robot or a blocked network, which gets no ad. */
  mandatory({ device, consent }: DecisionRequest, caller: Caller): Mandatory | null {
    const { bots, consent: gate } = this.#deps;
    const userAgent = device.userAgent ?? caller.userAgent;
    const address = device.ip ?? caller.address;
    if (bots.block(userAgent, address) !== null) return null;
    const agent = bots.agent(userAgent);
    const sender = {
      channel: caller.channel,
      userAgent,
      network: caller.truncate(address),
      deviceType: device.type ?? agent.deviceType,
      os: device.os ?? agent.os,
    };
    return { sender, consent: gate.judge(consent) };
  }

  /** The person from memory, or a promise of a read within the share of enrichment; done without where the plan says so or there is no time. */
  skippable(deadline: Deadline, rawId: string): Person | Promise<Person> {
    const { clock, persons } = this.#deps;
    const hash = persons.hash(rawId);
    const nowUs = clock.monotonicUs();
    deadline.enter('enrichment', nowUs);
    const kept = persons.recall(hash);
    if (kept !== null) return kept;
    if (deadline.without('person')) {
      deadline.skip('person', 'enrichment');
      return persons.skipped(hash);
    }
    const allowanceUs = deadline.allowanceUs('enrichment', nowUs);
    if (allowanceUs < leastReadUs) {
      deadline.fallBack('person', 'enrichment', 'person_no_time');
      return persons.skipped(hash);
    }
    return this.#read(deadline, hash, allowanceUs);
  }

  async #read(deadline: Deadline, hash: string, allowanceUs: number): Promise<Person> {
    const person = await this.#deps.persons.read(hash, Math.floor(allowanceUs / 1000));
    if (person.missing !== null) deadline.fallBack('person', 'enrichment', `person_${person.missing}`);
    return person;
  }
}
