import { type AttributeRule, type Clause, clausesOf } from '../domain/expression-clauses.ts';
import { ExpressionError } from '../domain/expression-tokens.ts';
import { parseExpression, type ValuesOf } from '../domain/targeting-expression.ts';
import { keepAll, SlotSet } from './bitmap.ts';
import { BitmapDimension } from './bitmap-dimension.ts';
import { BoundedCache } from './bounded-cache.ts';

/** One attribute as the clauses of a plane name it. */
interface NamedDimension {
  readonly attribute: string;
  readonly dimension: BitmapDimension;
}

/** The n-th clauses of all line items, side by side. */
interface Plane {
  /** Line items that have an n-th clause. */
  readonly members: SlotSet;
  /** By attribute and, where a clause asks for several lists of one attribute at once, by their number. */
  readonly dimensions: Map<string, NamedDimension>;
}

/** Memory that kept results may take. */
const keptBytes = 16 * 1024 * 1024;
const keptCompilations = 10_000;
/** Attributes whose values depend on the zone of the advertiser: each zone has dimensions of its own. */
const zoned = new Set(['hour', 'day']);

/**
 * Targeting expressions over all line items at once: the first clauses of all of them are evaluated as bitmaps, then the second ones and so on, and
 * whoever has a clause that holds is meant. So the cost follows the words of the bitmaps, the attributes that are named and the longest disjunction,
 * not the number of expressions. Requests that no expression can tell apart share one result.
 */
export class BitmapExpressions {
  readonly #planes: Plane[] = [];
  readonly #withExpression = new SlotSet();
  readonly #compiled = new BoundedCache<string, readonly Clause[]>(keptCompilations);
  #kept = new BoundedCache<string, Uint32Array>(1);
  #version = -1;
  #clause = new Uint32Array(0);

  /** Puts a line item in. What can't be read, because newer code wrote it, is never meant. */
  add(slot: number, { text, zone }: { readonly text: string; readonly zone: string }, memberships: SlotSet[]): void {
    if (text === '') return;
    join(this.#withExpression, slot, memberships);
    for (const [place, clause] of this.#compile(text).entries()) {
      const plane = this.#plane(place);
      join(plane.members, slot, memberships);
      for (const rule of clause)
        addRule(plane, slot, { ...rule, attribute: inZone(rule.attribute, zone) }, memberships);
    }
  }

  #compile(text: string): readonly Clause[] {
    const known = this.#compiled.get(text);
    if (known !== undefined) return known;
    const made = readClauses(text);
    this.#compiled.set(text, made);
    return made;
  }

  #plane(place: number): Plane {
    const known = this.#planes[place];
    if (known !== undefined) return known;
    const made: Plane = { members: new SlotSet(), dimensions: new Map() };
    this.#planes[place] = made;
    return made;
  }

  /** False if no line item was ever put in. */
  get matters(): boolean {
    return this.#withExpression.size > 0;
  }

  /** Takes out of `words` whoever is not meant; writes the rest to `target`, and gives its number. Kept until `version` changes. */
  keepMeant(
    target: Uint32Array,
    words: Uint32Array,
    { length, version, valuesOf }: { readonly length: number; readonly version: number; readonly valuesOf: ValuesOf },
  ): number {
    if (this.#version !== version) {
      this.#kept = new BoundedCache(keptBytes / (4 * length + 256));
      this.#version = version;
    }
    const key = this.#keyOf(valuesOf);
    let meant = this.#kept.get(key);
    if (meant === undefined) {
      meant = this.#meant(length, valuesOf);
      this.#kept.set(key, meant);
    }
    return keepAll(target, words, meant, length);
  }

  /** What the dimensions can tell apart of a request. Those of the first plane and of the others are asked alike. */
  #keyOf(valuesOf: ValuesOf): string {
    let key = '';
    for (const { dimensions } of this.#planes) {
      for (const { attribute, dimension } of dimensions.values())
        key += `${dimension.keyOf(valuesOf(attribute))}\u0001`;
    }
    return key;
  }

  #meant(length: number, valuesOf: ValuesOf): Uint32Array {
    const meant = new Uint32Array(length);
    this.#withExpression.orInto(meant, length);
    for (let index = 0; index < length; index += 1) meant[index] = ~(meant[index] as number);
    if (this.#clause.length < length) this.#clause = new Uint32Array(length);
    for (const { members, dimensions } of this.#planes) {
      const words = this.#clause.fill(0, 0, length);
      members.orInto(words, length);
      let left = members.size;
      for (const { attribute, dimension } of dimensions.values()) {
        if (left > 0 && dimension.matters) left = dimension.filter(words, length, left, valuesOf(attribute));
      }
      if (left > 0) orInto(meant, words, length);
    }
    return meant;
  }
}

function readClauses(text: string): readonly Clause[] {
  try {
    return clausesOf(parseExpression(text)) ?? [];
  } catch (error) {
    if (error instanceof ExpressionError) return []; // the console refuses such; whom nobody can read nobody is meant by
    throw error;
  }
}

/** `hour` and `day` as they are in a zone: `hour@Europe/Berlin`. */
export function inZone(attribute: string, zone: string): string {
  return zoned.has(attribute) ? `${attribute}@${zone}` : attribute;
}

function addRule(
  plane: Plane,
  slot: number,
  { attribute, include, exclude }: AttributeRule,
  memberships: SlotSet[],
): void {
  const lists = include.length === 0 ? [[]] : include;
  for (const [number, list] of lists.entries()) {
    const { dimension } = dimensionOf(plane, attribute, number);
    dimension.add(slot, { include: list, exclude: number === 0 ? exclude : [] }, memberships);
  }
}

function dimensionOf({ dimensions }: Plane, attribute: string, number: number): NamedDimension {
  const name = `${number} ${attribute}`;
  const known = dimensions.get(name);
  if (known !== undefined) return known;
  const made = { attribute, dimension: new BitmapDimension() };
  dimensions.set(name, made);
  return made;
}

function join(set: SlotSet, slot: number, memberships: SlotSet[]): void {
  set.add(slot);
  memberships.push(set);
}

function orInto(words: Uint32Array, other: Uint32Array, length: number): void {
  for (let index = 0; index < length; index += 1) words[index] = (words[index] as number) | (other[index] as number);
}
