/** A field that is not the same in two states of an entity. */
export interface Difference {
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

type State = Readonly<Record<string, unknown>>;

/** What every revision changes anyway. */
const ofEveryRevision = ['revision', 'changed_by', 'changed_at'];

function isGroup(value: unknown): value is State {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What differs between two states, down to the single field: `targeting.countries.include`. `before` null: the first state, in which all is new. */
export function differencesOf(before: State | null, after: State, prefix = ''): readonly Difference[] {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after)])];
  return names
    .filter((name) => prefix !== '' || !ofEveryRevision.includes(name))
    .flatMap((name) => {
      const [was, is] = [before?.[name], after[name]];
      if (JSON.stringify(was) === JSON.stringify(is)) return [];
      if (isGroup(was) && isGroup(is)) return differencesOf(was, is, `${prefix}${name}.`);
      return [{ field: `${prefix}${name}`, before: was ?? null, after: is ?? null }];
    });
}

/** One of a change that somebody else's change has crossed. */
export interface Crossed extends Difference {
  /** What somebody else has made of it meanwhile. */
  readonly theirs: unknown;
}

/** Fields that either side has changed since both read the same revision. `mine`: only what I would send. */
export function crossedOf(base: State, mine: State, theirs: State): readonly Crossed[] {
  const names = Object.keys(theirs).filter((name) => !ofEveryRevision.includes(name));
  return names.flatMap((name) => {
    const after = name in mine ? mine[name] : base[name];
    const texts = [base[name], after, theirs[name]].map((value) => JSON.stringify(value));
    return new Set(texts).size === 1 ? [] : [{ field: name, before: base[name], after, theirs: theirs[name] }];
  });
}
