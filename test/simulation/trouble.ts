import type { Dice } from './dice.ts';
import type { Call, Engine } from './life.ts';
import type { CallFault, Fault, Plan, WireFault } from './plan.ts';

/** Which faults can strike which engine, writes only or reads as well. */
const strikes: Readonly<Record<CallFault, { readonly engines: readonly Engine[]; readonly reads: boolean }>> = {
  delayed: { engines: ['log', 'ledger', 'views', 'keys', 'disk', 'states', 'warehouse'], reads: true },
  refused: { engines: ['log', 'ledger', 'views', 'keys', 'states', 'warehouse'], reads: true },
  lost_ack: { engines: ['log', 'ledger', 'views', 'keys', 'states', 'warehouse'], reads: false },
  torn_append: { engines: ['log', 'warehouse'], reads: false },
  duplicate: { engines: ['log', 'ledger', 'warehouse'], reads: false },
  late_write: { engines: ['log', 'ledger', 'warehouse'], reads: false },
  crash_before: { engines: ['log', 'ledger', 'views', 'keys', 'disk', 'states', 'warehouse'], reads: false },
  crash_after: { engines: ['log', 'ledger', 'views', 'keys', 'disk', 'states', 'warehouse'], reads: false },
  stalled: { engines: ['log', 'ledger', 'states', 'warehouse', 'disk'], reads: true },
  full_disk: { engines: ['disk'], reads: false },
  failed_sync: { engines: ['disk'], reads: false },
};

interface Line {
  readonly fault: CallFault;
  readonly probability: number;
}

/** Decides which fault strikes when, and counts them. */
export class Trouble {
  readonly counts = new Map<Fault, number>();
  /** Engines that are slow for all, by how much, ms. */
  readonly slow = new Map<Engine, number>();
  /** Calls of ports so far. */
  calls = 0;
  isOn = false;
  readonly #lines: readonly (Line & (typeof strikes)[CallFault])[];
  readonly #rates: Plan['rates'];
  readonly #any: number;

  constructor(rates: Plan['rates']) {
    this.#rates = rates;
    this.#lines = (Object.keys(strikes) as CallFault[])
      .filter((fault) => (rates[fault] ?? 0) > 0)
      .map((fault) => ({ fault, probability: rates[fault] ?? 0, ...strikes[fault] }));
    this.#any = this.#lines.reduce((sum, { probability }) => sum + probability, 0);
  }

  /** The fault that strikes a call, or null. One draw decides for most calls that none does. */
  strikeCall(dice: Dice, { engine, method, writes }: Call<unknown>): CallFault | null {
    this.calls += 1;
    if (!this.isOn || this.#any === 0) return null;
    let drawn = dice.random.fraction();
    if (drawn >= this.#any) return null;
    for (const { fault, probability, engines, reads } of this.#lines) {
      drawn -= probability;
      if (drawn >= 0) continue;
      if (!engines.includes(engine) || !(reads || writes)) return null;
      if (fault === 'failed_sync' && method !== 'sync') return null;
      if (fault === 'full_disk' && method !== 'append' && method !== 'replace') return null;
      this.count(fault);
      return fault;
    }
    return null;
  }

  strikeWire(dice: Dice, fault: WireFault): boolean {
    if (!this.isOn || !dice.chance(this.#rates[fault] ?? 0)) return false;
    this.count(fault);
    return true;
  }

  count(fault: Fault): void {
    this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1);
  }
}
