import { encodeFrequencyView, frequencyViewKey, maxExposuresKept } from '../../domain/frequency-view.ts';
import type { UserExposed } from '../../domain/records.ts';
import type { Outcome, Processor } from '../runtime/processor.ts';

/** Exposures of one person: by line item the latest times, and the selections behind them, so that none counts twice. */
interface Person {
  readonly items: Map<string, { readonly id: string; readonly at: number }[]>;
  lastAt: number;
}

interface FrequencyState {
  readonly persons: Map<string, Person>;
  latest: number;
  sweepAt: number;
}

/** No cap looks back further, so a person without an exposure for so long is forgotten. */
const keepMs = 31 * 86_400_000;
const sweepEveryMs = 3_600_000;

/**
 * Keeps the view of each person that frequency caps read. A view's version is the offset after the exposure that made it: a person stays in one shard of
 * `exposure`, so a replayed write changes nothing.
 */
export function createFrequency(): Processor<FrequencyState> {
  return {
    name: 'frequency',
    topics: ['exposure'],
    initial: () => ({ persons: new Map(), latest: 0, sweepAt: 0 }),
    process(state, { record, offset }): readonly Outcome[] {
      if (record.name !== 'UserExposed') return [];
      const exposed = record.value;
      const person = state.persons.get(exposed.user_key) ?? { items: new Map(), lastAt: 0 };
      state.persons.set(exposed.user_key, person);
      const isNew = count(person, exposed);
      sweep(state, exposed.exposed_at);
      return isNew ? [viewOf(exposed.user_key, person, offset)] : [];
    },
    encode: ({ persons, latest }) =>
      Buffer.from(
        JSON.stringify({ latest, persons: [...persons].map(([key, { items, lastAt }]) => [key, lastAt, [...items]]) }),
      ),
    decode(bytes) {
      const { latest, persons } = JSON.parse(Buffer.from(bytes).toString('utf8')) as {
        latest: number;
        persons: [string, number, [string, { id: string; at: number }[]][]][];
      };
      return {
        latest,
        sweepAt: latest,
        persons: new Map(persons.map(([key, lastAt, items]) => [key, { lastAt, items: new Map(items) }])),
      };
    },
  };
}

function count(person: Person, { line_item_id, selection_id: id, exposed_at: at }: UserExposed): boolean {
  const exposures = person.items.get(line_item_id) ?? [];
  if (exposures.some((exposure) => exposure.id === id)) return false;
  exposures.push({ id, at });
  exposures.sort((a, b) => a.at - b.at);
  person.items.set(line_item_id, exposures.slice(-maxExposuresKept));
  person.lastAt = Math.max(person.lastAt, at);
  return true;
}

function viewOf(userKey: string, { items, lastAt }: Person, offset: number): Outcome {
  const times = new Map(
    [...items].map(([lineItemId, exposures]) => [lineItemId, exposures.map((exposure) => exposure.at)]),
  );
  const value = encodeFrequencyView({ items: times, segments: [] });
  return {
    to: 'view',
    write: { key: frequencyViewKey(userKey), version: offset + 1, value, expiresAt: lastAt + keepMs },
  };
}

function sweep(state: FrequencyState, now: number): void {
  state.latest = Math.max(state.latest, now);
  if (state.latest < state.sweepAt) return;
  state.sweepAt = state.latest + sweepEveryMs;
  for (const [key, { lastAt }] of state.persons) if (lastAt + keepMs < state.latest) state.persons.delete(key);
}
