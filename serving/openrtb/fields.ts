/** An object as it was parsed. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const none: Fields = {};

/** Fields of an object; none for anything else. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : none;
}

/** Entries of a list; none for anything else. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text that says something; null for anything else. */
export function textOf(value: unknown, longest = 128): string | null {
  return typeof value === 'string' && value !== '' && value.length <= longest ? value : null;
}

/** A finite number; null for anything else. */
export function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** The texts of a list, each once. */
export function textsOf(value: unknown, longest = 128): string[] {
  return [...new Set(listOf(value).flatMap((entry) => textOf(entry, longest) ?? []))];
}

/** 1 or true, 0 or false; null for anything else. */
export function flagOf(value: unknown): boolean | null {
  if (value === 1 || value === true) return true;
  return value === 0 || value === false ? false : null;
}
