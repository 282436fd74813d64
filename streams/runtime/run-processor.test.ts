import { describe, expect, it } from 'vitest';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { createSystemRandom } from '../../adapters/system/random.ts';
import { AdtallyError } from '../../domain/errors.ts';
import type { AnyRecord, RecordName, RecordTypes } from '../../domain/records.ts';
import { rootSpanOf, traceIdOf, traceparentOf } from '../../domain/trace-context.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import { memoryEventLog } from '../../test/memory/event-log.ts';
import { memoryKeyStore, memoryStateStore, memoryViewStore } from '../../test/memory/stores.ts';
import type { Processor } from './processor.ts';
import { type RunProcessorOptions, runProcessor } from './run-processor.ts';

const jsonRegistry: SchemaRegistry = {
  encode: <N extends RecordName>(name: N, value: RecordTypes[N]) => Buffer.from(JSON.stringify({ name, value })),
  decode: (bytes) => {
    const text = Buffer.from(bytes).toString();
    if (text === 'corrupt') throw new AdtallyError('UNREADABLE_RECORD', 'these bytes end too early');
    if (text === 'newer') throw new AdtallyError('UNKNOWN_SCHEMA', 'schema 77 is not known here');
    return JSON.parse(text) as AnyRecord;
  },
  schemaId: () => 1,
  numberOf: (id) => id,
  idOf: (number) => number,
  refresh: async () => false,
};

function mark(node: string, marked_at: number): Uint8Array {
  return jsonRegistry.encode('NodeMark', {
    node,
    boot: 'b',
    marked_at,
    drained_sequence: 0,
    last_sequence: 0,
    decisions: 0,
    pacing_read: {},
  });
}

/** Sums the marks it has seen into one view. */
function summing(): Processor<{ sum: number; seen: number }> {
  return {
    name: 'summing',
    topics: ['nodes'],
    initial: () => ({ sum: 0, seen: 0 }),
    process: (state, { record, offset }) => {
      if (record.name !== 'NodeMark') return [];
      if (record.value.marked_at < 0) throw new AdtallyError('VALIDATION_FAILED', 'a mark is never negative');
      if (record.value.marked_at === 13) throw new Error('nobody has thought of 13');
      state.sum += record.value.marked_at;
      state.seen += 1;
      return [{ to: 'view', write: { key: 'sum', version: offset + 1, value: Buffer.from(String(state.sum)) } }];
    },
    format: 1,
    encode: (state) => Buffer.from(JSON.stringify(state)),
    decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as { sum: number; seen: number },
  };
}

const clock = createSystemClock();

function platform(faults?: () => void): RunProcessorOptions<{ sum: number; seen: number }> {
  return {
    processor: summing(),
    log: memoryEventLog({ shards: 4, clock, ...(faults === undefined ? {} : { faults }) }),
    registry: jsonRegistry,
    views: memoryViewStore(),
    keys: memoryKeyStore(),
    states: memoryStateStore(),
    clock,
    random: createSystemRandom(),
    group: 'summing',
    member: 'test',
    checkpointEveryMs: 0,
  };
}

async function appendMarks(
  on: RunProcessorOptions<{ sum: number; seen: number }>,
  ...values: Uint8Array[]
): Promise<void> {
  await on.log.append(
    'nodes',
    values.map((value) => ({ shard: 0, key: 'n', value })),
  );
}

async function sumOf(on: RunProcessorOptions<{ sum: number; seen: number }>): Promise<string> {
  return Buffer.from((await on.views.getMany(['sum']))[0]?.value ?? []).toString();
}

describe('runProcessor', () => {
  it('processes what is in the log and what comes later, and goes on from its checkpoint after a restart', async () => {
    const on = platform();
    await appendMarks(on, mark('a', 1), mark('a', 2));
    const first = await runProcessor(on);
    await expect.poll(() => sumOf(on)).toBe('3');
    await appendMarks(on, mark('a', 4));
    await expect.poll(() => sumOf(on)).toBe('7');
    await first.stop();
    await appendMarks(on, mark('a', 8));
    const seen: number[] = [];
    const processor = summing();
    const second = await runProcessor({
      ...on,
      processor: {
        ...processor,
        process: (state, source) => (seen.push(source.offset), processor.process(state, source)),
      },
    });
    await expect.poll(() => sumOf(on)).toBe('15');
    expect(seen).toEqual([3]);
    await second.stop();
  });

  it('puts corrupt bytes and records known as bad aside, with position and reason, and goes on', async () => {
    const on = platform();
    await appendMarks(on, mark('a', 1), Buffer.from('corrupt'), mark('a', -1), mark('a', 2));
    const handle = await runProcessor(on);
    await expect.poll(() => sumOf(on)).toBe('3');
    await expect.poll(async () => (await on.log.bounds('quarantine', 0)).next).toBe(2);
    const refused = (await on.log.read('quarantine', 0, 0, 10)).map(({ value }) => jsonRegistry.decode(value).value);
    expect(refused).toMatchObject([
      { source_topic: 'nodes', source_offset: 1, code: 'UNREADABLE_RECORD', processor: 'summing' },
      { source_topic: 'nodes', source_offset: 2, code: 'VALIDATION_FAILED', reason: 'a mark is never negative' },
    ]);
    await handle.stop();
  });

  it.each([
    ['an unknown schema', Buffer.from('newer'), 'UNKNOWN_SCHEMA'],
    ['an unknown failure', mark('a', 13), 'UNKNOWN'],
  ])('stops at %s, says so, and takes nothing of it over', async (_, bytes, code) => {
    const on = platform();
    await appendMarks(on, mark('a', 1), bytes, mark('a', 2));
    const handle = await runProcessor(on);
    await expect.poll(() => handle.health()[0]).toMatchObject({ shard: 0, status: 'failed', code });
    await handle.stop();
    expect(await on.states.position('summing/0')).toBeNull();
  });

  it('names the record that it stopped at, with the ad and its trace, and no key', async () => {
    const on = platform();
    const selection = '01a20249-9042-7990-b91e-7c274b7af99a';
    const traceparent = traceparentOf(selection, rootSpanOf(selection));
    await on.log.append('nodes', [{ shard: 0, key: 'a person', value: Buffer.from('newer'), traceparent }]);
    const handle = await runProcessor(on);
    await expect.poll(() => handle.health()[0]?.status).toBe('failed');
    expect(handle.health()[0]?.about).toEqual({
      topic: 'nodes',
      offset: 0,
      selection_id: selection,
      trace_id: traceIdOf(selection),
    });
    await handle.stop();
  });

  it('tries again what may pass, and loses and repeats nothing', async () => {
    let left = 5;
    const on = platform(() => {
      if (left > 0 && left-- % 2 === 1) throw new AdtallyError('LOG_UNAVAILABLE', 'the broker restarts');
    });
    await on.views.putMany([]);
    const handle = await runProcessor(on);
    for (let value = 1; value <= 3; value += 1) {
      await expect
        .poll(() =>
          appendMarks(on, mark('a', value)).then(
            () => true,
            () => false,
          ),
        )
        .toBe(true);
    }
    await expect.poll(() => sumOf(on)).toBe('6');
    await expect.poll(() => handle.lag()[0]).toMatchObject({ offsets: 0, ms: 0 });
    await handle.stop();
  });

  it('rests while there is nothing to read, also a processor that flushes nothing', async () => {
    const on = platform();
    let askedMs = 0;
    const wait: typeof on.log.wait = (from, timeoutMs) => {
      askedMs = timeoutMs;
      return on.log.wait(from, timeoutMs);
    };
    const handle = await runProcessor({ ...on, log: { ...on.log, wait } });
    await appendMarks(on, mark('a', 1));
    await expect.poll(() => sumOf(on)).toBe('1');
    await expect.poll(() => askedMs).toBeGreaterThan(100);
    await handle.stop();
  });

  it('does not start on a log that ends before its checkpoint', async () => {
    const on = platform();
    await on.states.commit('summing/0', {
      position: '{"nodes":9}',
      puts: [['state', Buffer.from('{"sum":0,"seen":0}')]],
      deletes: [],
    });
    const handle = await runProcessor(on);
    await expect.poll(() => handle.health()[0]).toMatchObject({ status: 'failed', code: 'OFFSET_GONE' });
    await handle.stop();
  });
});
