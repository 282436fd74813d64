import { AdtallyError } from './errors.ts';

const msPerDay = 86_400_000;
/** Later days have years of more than four digits. */
const lastDayMs = Date.UTC(9999, 11, 31);
/** More than a token of the greatest length and its parts can take. */
const capacity = 1024;
const alphabet = /^[A-Za-z0-9_-]+$/;
/** Characters that may end a text of length 2 or 3 (mod 4): those whose spare bits are 0. */
const lastOfTwo = 'AQgw';
const lastOfThree = 'AEIMQUYcgkosw048';

const dayNumbers = new Map<string, number>();
const dayNames = new Map<number, string>();
const keptDays = 1000;

function keep<K, V>(cache: Map<K, V>, key: K, value: V): V {
  if (cache.size >= keptDays) cache.clear();
  cache.set(key, value);
  return value;
}

/** Writes the parts of a token into one buffer that is used again for the next token. */
export class TokenWriter {
  readonly #buffer = Buffer.alloc(capacity);
  #at = 0;

  begin(): void {
    this.#at = 0;
  }

  byte(value: number): void {
    this.#buffer[this.#at] = value;
    this.#at += 1;
  }

  varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.byte((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  text(value: string): void {
    this.textAfter('', value);
  }

  /** The text without the prefix that it is known to have. */
  textAfter(prefix: string, value: string): void {
    if (!value.startsWith(prefix) || value.length - prefix.length > 64) {
      throw new AdtallyError('INVARIANT_BROKEN', `${value.slice(0, 80)} can't stand in a token after ${prefix}`);
    }
    this.byte(value.length - prefix.length);
    for (let index = prefix.length; index < value.length; index += 1) this.byte(value.charCodeAt(index));
  }

  uuid(value: string): void {
    for (let index = 0; index < 36; index += 2) {
      if (index === 8 || index === 13 || index === 18 || index === 23) index += 1;
      this.byte((nibble(value.charCodeAt(index)) << 4) | nibble(value.charCodeAt(index + 1)));
    }
  }

  /** A date YYYY-MM-DD as its number since 1970, 0 for none. */
  day(day: string | null): void {
    if (day === null) return this.varint(0);
    this.varint(dayNumbers.get(day) ?? keep(dayNumbers, day, Math.round(Date.parse(`${day}T00:00:00Z`) / msPerDay)));
  }

  bytes(value: Uint8Array): void {
    this.#buffer.set(value, this.#at);
    this.#at += value.length;
  }

  /** What was written since `begin`: a view that the next `begin` makes void. */
  written(): Uint8Array {
    return this.#buffer.subarray(0, this.#at);
  }

  base64url(): string {
    return this.#buffer.toString('base64url', 0, this.#at);
  }
}

function nibble(code: number): number {
  return code < 58 ? code - 48 : code - 87;
}

/** Reads the parts of a token out of one buffer that is used again for the next token. Errors: `TOKEN_MALFORMED`. */
export class TokenReader {
  readonly #buffer = Buffer.alloc(capacity);
  #at = 0;
  /** Nothing is read at or beyond this byte. */
  end = 0;

  /** Decodes base64url in its only canonical spelling, so that one token has one text; returns the number of bytes. */
  begin(token: string): number {
    const rest = token.length & 3;
    const last = token.at(-1) ?? '';
    const canonical =
      rest === 0 || (rest === 2 && lastOfTwo.includes(last)) || (rest === 3 && lastOfThree.includes(last));
    if (!canonical || !alphabet.test(token))
      throw new AdtallyError('TOKEN_MALFORMED', 'the token is not canonical base64url');
    this.#at = 0;
    this.end = this.#buffer.write(token, 'base64url');
    return this.end;
  }

  byte(): number {
    if (this.#at >= this.end) throw endsTooEarly();
    const value = this.#buffer[this.#at] as number;
    this.#at += 1;
    return value;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let index = 0; index < 8; index += 1) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128 && value <= Number.MAX_SAFE_INTEGER) return value;
      scale *= 128;
    }
    throw new AdtallyError('TOKEN_MALFORMED', 'a number in the token is too long');
  }

  text(): string {
    return this.textAfter('');
  }

  /** A text, with the prefix put before it that was left out. */
  textAfter(prefix: string): string {
    const length = this.byte();
    const start = this.#take(length);
    return prefix + this.#buffer.toString('latin1', start, start + length);
  }

  uuid(): string {
    const start = this.#take(16);
    const hex = this.#buffer.toString('hex', start, start + 16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  day(): string | null {
    const number = this.varint();
    if (number === 0) return null;
    const known = dayNames.get(number);
    if (known !== undefined) return known;
    const day = new Date(number * msPerDay);
    if (!(day.getTime() <= lastDayMs)) throw new AdtallyError('TOKEN_MALFORMED', 'the token names no day');
    return keep(dayNames, number, day.toISOString().slice(0, 10));
  }

  /** A view of the decoded bytes, void at the next `begin`. */
  slice(start: number, end: number): Uint8Array {
    return this.#buffer.subarray(start, end);
  }

  get done(): boolean {
    return this.#at === this.end;
  }

  #take(length: number): number {
    const start = this.#at;
    if (start + length > this.end) throw endsTooEarly();
    this.#at += length;
    return start;
  }
}

function endsTooEarly(): AdtallyError {
  return new AdtallyError('TOKEN_MALFORMED', 'the token ends too early');
}
