import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isAdtallyError } from '../domain/errors.ts';
import type { ExpectedRevision, LedgerStore, NewLedgerEvent } from './ledger-store.ts';

/** UUIDs for tests, by number. */
export function idOf(number: number): string {
  return `00000000-0000-5000-8000-${number.toString(16).padStart(12, '0')}`;
}

export function events(...numbers: readonly number[]): NewLedgerEvent[] {
  return numbers.map((number) => ({
    id: idOf(number),
    type: 'EntriesBooked',
    data: Uint8Array.of(number & 255, 0, 255),
  }));
}

/** What the port's comment says of an append, in a list of ids. */
function modelAppend(stream: number[], first: number, ids: readonly number[]): number | 'conflict' {
  const written = ids.every((id, i) => stream[first + i] === id);
  const fits = first === stream.length && ids.every((id) => !stream.includes(id));
  if (!written && !fits) return 'conflict';
  if (!written) stream.push(...ids);
  return first + ids.length - 1;
}

const command = fc.record({
  stream: fc.nat(1),
  /** Where the writer believes the stream to end, relative to where it does. */
  off: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: -4, max: 2 })),
  /** Few, so that repetitions occur; a batch of neighbours, so that they can match. */
  firstId: fc.nat(12),
  length: fc.integer({ min: 1, max: 3 }),
});

export function describeLedgerModelContract(store: () => LedgerStore): void {
  it('agrees with a list of ids about every sequence of appends, right and wrong', async () => {
    let runs = 0;
    const property = fc.asyncProperty(fc.array(command, { maxLength: 25 }), async (commands) => {
      const run = runs++;
      const models: [number[], number[]] = [[], []];
      for (const { stream, off, firstId, length } of commands) {
        const model = models[stream === 0 ? 0 : 1];
        const first = Math.max(0, model.length + off);
        // Ids are of the run and stream: the same UUID in two streams is nothing that a writer does.
        const ids = Array.from({ length }, (_, i) => run * 1000 + stream * 100 + firstId + i);
        const outcome = await append(store(), `${run}-${stream}`, first, ids);
        expect(outcome).toBe(modelAppend(model, first, ids));
      }
      for (const [stream, model] of models.entries()) {
        const read = await store().readForwards(`${run}-${stream}`, 0, 1000);
        expect(read.map(({ id }) => id)).toEqual(model.map(idOf));
      }
    });
    await fc.assert(property, { numRuns: 40 });
  });
}

async function append(store: LedgerStore, stream: string, first: number, ids: readonly number[]) {
  const expected: ExpectedRevision = first === 0 ? 'no_stream' : first - 1;
  try {
    return (await store.append(stream, expected, events(...ids))).revision;
  } catch (error) {
    if (isAdtallyError(error, 'WRONG_EXPECTED_REVISION')) return 'conflict';
    throw error;
  }
}
