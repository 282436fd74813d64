import {
  encodeFrequencyView,
  frequencyViewKey,
  longestWindowMs,
  matchedMs,
  maxExposuresKept,
} from '../../domain/frequency-view.ts';
import { timeOfUuidV7 } from '../../domain/identity.ts';
import type { UserExposed } from '../../domain/records.ts';
import type { Outcome, Processor } from '../runtime/processor.ts';

interface Person {
  /** Line item → times and selections of its latest exposures, by time. */
  readonly items: Map<string, Exposure[]>;
  latest: number;
}

interface Exposure {
  readonly at: number;
  readonly selectionId: string;
}

export interface FrequencyState {
  readonly persons: Map<string, Person>;
  latest: number;
  seen: number;
}

export interface FrequencyOptions {
  /** Longest window of a frequency cap: exposures older than that count for nothing, ms. */
  readonly windowMs?: number;
}

const sweepEvery = 1_000;

/** Keeps for each person when each line item was seen, once for each selection, in a view that decisions read. */
export function frequency({ windowMs = longestWindowMs }: FrequencyOptions = {}): Processor<FrequencyState> {
  return {
    name: 'frequency',
    topics: ['exposure'],
    initial: () => ({ persons: new Map(), latest: 0, seen: 0 }),
    process: (state, { record, offset }) => {
      if (record.name !== 'UserExposed') return [];
      const { value } = record;
      state.latest = Math.max(state.latest, value.exposed_at);
      sweepNowAndThen(state, windowMs);
      const person = state.persons.get(value.user_key) ?? { items: new Map(), latest: 0 };
      if (!note(person, value)) return [];
      state.persons.set(value.user_key, person);
      forgetOld(person, state.latest - windowMs);
      return [viewOf(value.user_key, person, offset + 1, windowMs)];
    },
    repeatable: true,
    format: 1,
    encode: ({ persons, latest, seen }) => {
      const list = [...persons].map(([key, person]) => [key, person.latest, [...person.items]]);
      return Buffer.from(JSON.stringify({ persons: list, latest, seen }));
    },
    decode: (bytes) => {
      const saved = JSON.parse(Buffer.from(bytes).toString()) as {
        persons: [string, number, [string, Exposure[]][]][];
        latest: number;
        seen: number;
      };
      const persons = saved.persons.map(([key, latest, items]) => [key, { items: new Map(items), latest }] as const);
      return { persons: new Map(persons), latest: saved.latest, seen: saved.seen };
    },
  };
}

/** False if the selection was counted before, or if so many newer ones are kept that it would be the one to go. */
function note(person: Person, { line_item_id, selection_id, exposed_at }: UserExposed): boolean {
  const known = person.items.get(line_item_id) ?? [];
  if (known.some(({ selectionId }) => selectionId === selection_id)) return false;
  const exposures = [...known, { at: exposed_at, selectionId: selection_id }].sort((a, b) => a.at - b.at);
  const kept = exposures.slice(-maxExposuresKept);
  if (!kept.some(({ selectionId }) => selectionId === selection_id)) return false;
  person.items.set(line_item_id, kept);
  person.latest = Math.max(person.latest, exposed_at);
  return true;
}

function forgetOld(person: Person, before: number): void {
  for (const [lineItemId, exposures] of person.items) {
    const kept = exposures.filter(({ at }) => at > before);
    if (kept.length === 0) person.items.delete(lineItemId);
    else if (kept.length < exposures.length) person.items.set(lineItemId, kept);
  }
}

/** All exposures of a person lie in one shard, so its offset is a version; the view goes when its last exposure counts no more. */
function viewOf(userKey: string, person: Person, version: number, windowMs: number): Outcome {
  const items = new Map([...person.items].map(([id, exposures]) => [id, exposures.map(({ at }) => at)] as const));
  const value = encodeFrequencyView({ items, selected: selectedOf(person), segments: [] });
  return { to: 'view', write: { key: frequencyViewKey(userKey), version, value, expiresAt: person.latest + windowMs } };
}

/** When the exposures were selected that a node may still take for missing. */
function selectedOf({ items, latest }: Person): ReadonlyMap<string, readonly number[]> {
  const selected = new Map<string, readonly number[]>();
  for (const [id, exposures] of items) {
    const fresh = exposures.filter(({ at }) => at > latest - matchedMs);
    if (fresh.length > 0)
      selected.set(
        id,
        fresh.map(({ selectionId }) => timeOfUuidV7(selectionId)),
      );
  }
  return selected;
}

function sweepNowAndThen(state: FrequencyState, windowMs: number): void {
  state.seen += 1;
  if (state.seen % sweepEvery !== 0) return;
  for (const [key, { latest }] of state.persons) if (latest <= state.latest - windowMs) state.persons.delete(key);
}
