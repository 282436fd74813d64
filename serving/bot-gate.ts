import { isbot } from 'isbot';
import { NetworkSet } from '../domain/network.ts';
import { BoundedCache } from './bounded-cache.ts';

/** What a User-Agent header says. */
export interface UserAgentFacts {
  /** It declares itself a robot. */
  readonly bot: boolean;
  /** As in RequestContext. */
  readonly deviceType: string;
  /** Lower case; null if it names none that is known. */
  readonly os: string | null;
}

const keptAgents = 20_000;

/** Order decides: an Android says Linux too, an iPad in desktop mode can't be told from a Mac. */
const systems: readonly (readonly [RegExp, string])[] = [
  [/tizen/i, 'tizen'],
  [/web0s|webos/i, 'webos'],
  [/roku/i, 'roku'],
  [/apple ?tv|tvos/i, 'tvos'],
  [/iphone|ipad|ipod/i, 'ios'],
  [/android/i, 'android'],
  [/windows/i, 'windows'],
  [/cros/i, 'chromeos'],
  [/mac os x|macintosh/i, 'macos'],
  [/linux|x11/i, 'linux'],
];

const tv = /smart-?tv|apple ?tv|googletv|hbbtv|crkey|aft[a-z]|bravia|tizen|web0s|roku|tvos/i;
const tablet = /ipad|tablet|kindle|silk|android(?!.*mobile)/i;
const phone = /iphone|ipod|mobile|phone/i;
const desktop = /windows|macintosh|cros|linux|x11/i;

function deviceTypeOf(userAgent: string): string {
  if (tv.test(userAgent)) return 'tv';
  if (tablet.test(userAgent)) return 'tablet';
  if (phone.test(userAgent)) return 'phone';
  return desktop.test(userAgent) ? 'desktop' : 'unknown';
}

function readUserAgent(userAgent: string): UserAgentFacts {
  return {
    bot: isbot(userAgent),
    deviceType: deviceTypeOf(userAgent),
    os: systems.find(([pattern]) => pattern.test(userAgent))?.[1] ?? null,
  };
}

/** Why a request gets no ad before any work is done. */
export type TrafficBlock = 'declared_bot' | 'listed_network';

/** Refuses what says of itself that no person will see the ad (IAB: general invalid traffic), and networks that are listed as such. */
export class BotGate {
  readonly #agents = new BoundedCache<string, UserAgentFacts>(keptAgents);
  readonly #networks: NetworkSet;

  /** `blockedNetworks` in CIDR notation; throws a RangeError that names one which can't be read. */
  constructor(blockedNetworks: readonly string[]) {
    this.#networks = new NetworkSet(blockedNetworks);
  }

  /** Kept by text, since a robot's pattern costs microseconds and agents repeat. */
  agent(userAgent: string): UserAgentFacts {
    const known = this.#agents.get(userAgent);
    if (known !== undefined) return known;
    const facts = readUserAgent(userAgent);
    this.#agents.set(userAgent, facts);
    return facts;
  }

  block(userAgent: string, address: string): TrafficBlock | null {
    if (this.agent(userAgent).bot) return 'declared_bot';
    return this.#networks.has(address) ? 'listed_network' : null;
  }
}
