import { AdtallyError } from '../../domain/errors.ts';

/** Lets a few run at once, a few more wait in order of arrival, and turns the rest away with `TOO_MANY_REQUESTS`. */
export class Turnstile {
  readonly #places: number;
  readonly #seats: number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;

  constructor(places: number, seats: number) {
    this.#places = places;
    this.#seats = seats;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside < this.#places) this.#inside++;
    else await this.#wait();
    try {
      return await work();
    } finally {
      // A place is handed on, not freed, so that nobody overtakes the queue.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#inside--;
    }
  }

  #wait(): Promise<void> {
    if (this.#waiting.length >= this.#seats) {
      const detail = `${this.#places} queries are running and ${this.#seats} are waiting`;
      return Promise.reject(new AdtallyError('TOO_MANY_REQUESTS', detail));
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
