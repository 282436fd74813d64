import { lookup } from 'node:dns/promises';
import type { Clock } from '../../../ports/clock.ts';

export interface HostAddress {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a name, or a rejection. */
export type ResolveName = (name: string) => Promise<readonly HostAddress[]>;

const knownMs = 30_000;
const mostNames = 1_000;
/** The system's resolver holds a thread of the pool that also syncs files: names that are slow to resolve must not take all four. */
const mostAtOnce = 2;

/** Addresses of host names: each name is asked for by one at a time and remembered for a while. Who connects still judges every address. */
export class HostNames {
  readonly #clock: Clock;
  readonly #resolve: ResolveName;
  readonly #known = new Map<string, { readonly addresses: Promise<readonly HostAddress[]>; readonly until: number }>();
  #underWay = 0;

  constructor(clock: Clock, resolve: ResolveName = (name) => lookup(name, { all: true })) {
    this.#clock = clock;
    this.#resolve = resolve;
  }

  addressesOf(name: string): Promise<readonly HostAddress[]> {
    const known = this.#known.get(name);
    if (known !== undefined && this.#clock.now() < known.until) return known.addresses;
    if (this.#underWay >= mostAtOnce) return Promise.reject(new Error(`too many names are being resolved`));
    const addresses = this.#ask(name);
    this.#known.delete(name); // puts it at the end: the map stays in the order of asking
    this.#known.set(name, { addresses, until: this.#clock.now() + knownMs });
    const [oldest] = this.#known.keys();
    if (this.#known.size > mostNames && oldest !== undefined) this.#known.delete(oldest);
    return addresses;
  }

  async #ask(name: string): Promise<readonly HostAddress[]> {
    this.#underWay += 1;
    try {
      return await this.#resolve(name);
    } catch (error) {
      this.#known.delete(name);
      throw error;
    } finally {
      this.#underWay -= 1;
    }
  }
}
