import type { Topic } from '../domain/records.ts';
import type { EventLog } from '../ports/event-log.ts';

/**
 * Makes appends of several processes meet: those to a topic wait until so many are under way, then they are written one after the other. So every
 * writer has looked before any has written, which is the race that optimistic writers must survive.
 */
export class Gathering {
  readonly #rounds: { readonly topic: Topic; readonly count: number; readonly order: 'as they came' | 'reversed' }[] =
    [];
  #waiting: (() => Promise<void>)[] = [];

  /** The next appends to a topic meet; rounds follow each other. */
  next(topic: Topic, count: number, order: 'as they came' | 'reversed' = 'as they came'): void {
    this.#rounds.push({ topic, count, order });
  }

  /** A log whose appends meet those of the other logs of this gathering. */
  join(log: EventLog): EventLog {
    return new Proxy(log, {
      get: (target, name) => {
        if (name === 'append') return (...given: Parameters<EventLog['append']>) => this.#append(target, given);
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });
  }

  #append(log: EventLog, given: Parameters<EventLog['append']>): ReturnType<EventLog['append']> {
    const [round] = this.#rounds;
    if (round?.topic !== given[0]) return log.append(...given);
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => log.append(...given).then(resolve, reject));
      if (this.#waiting.length === round.count) void this.#release();
    });
  }

  async #release(): Promise<void> {
    const round = this.#rounds.shift();
    const writes = this.#waiting;
    this.#waiting = [];
    for (const write of round?.order === 'reversed' ? writes.toReversed() : writes) await write();
  }
}
