const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const sixBits = new Map(Array.from(alphabet, (character, value) => [character.charCodeAt(0), value]));

/** Reads numbers out of base64url. Throws a RangeError beyond the end and for a character that is none of it. */
export class BitReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  skip(count: number): void {
    this.#at += count;
    if (this.#at > this.#text.length * 6) throw new RangeError('the string ends too early');
  }

  number(width: number): number {
    let value = 0;
    for (let left = width; left > 0; left -= 1) {
      const six = sixBits.get(this.#text.charCodeAt(Math.floor(this.#at / 6)));
      if (six === undefined) throw new RangeError('the string ends too early, or is no base64url');
      value = value * 2 + ((six >> (5 - (this.#at % 6))) & 1);
      this.#at += 1;
    }
    return value;
  }

  /** A number from 1 on as a sum of Fibonacci numbers, ended by two ones. Throws a RangeError beyond `mostBits`. */
  fibonacci(mostBits: number): number {
    let [value, term, next, before] = [0, 1, 2, 0];
    for (let left = mostBits; left > 0; left -= 1) {
      const bit = this.number(1);
      if (bit === 1 && before === 1) return value;
      value += bit * term;
      [term, next, before] = [next, term + next, bit];
    }
    throw new RangeError('a number without an end');
  }
}
