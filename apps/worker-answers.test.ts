import { describe, expect, test } from 'vitest';
import type { ExchangeAnswer } from '../serving/openrtb/exchange.ts';
import { AnswerRelay, WorkerAnswers } from './worker-answers.ts';

function answerOf(id: string): ExchangeAnswer {
  const body = { request_id: id, decisions: [], no_ad: [], warnings: [] };
  return {
    response: { id, cur: 'EUR', ext: {} },
    noBid: null,
    wantsBody: true,
    answered: { body, ads: [], arrivedUs: 0, endsUs: null },
  };
}

/** Workers around one process, messages delivered later, as between processes. */
function openWorkers(count: number) {
  const workers: WorkerAnswers[] = [];
  const state = { nowMs: 0, messages: 0 };
  const relay = new AnswerRelay<number>(
    (worker, message) => {
      state.messages += 1;
      queueMicrotask(() => workers[worker]?.take(message));
    },
    () => state.nowMs,
  );
  for (let worker = 0; worker < count; worker += 1) {
    workers.push(
      new WorkerAnswers((message) => {
        state.messages += 1;
        queueMicrotask(() => relay.take(worker, message));
      }),
    );
  }
  let made = 0;
  const ask = (worker: number, key: string, make?: () => Promise<ExchangeAnswer>) =>
    (workers[worker] as WorkerAnswers).answer(
      key,
      make ??
        (async () => {
          made += 1;
          return answerOf(`of ${worker}`);
        }),
    );
  return { ask, relay, state, made: () => made };
}

describe('Answers of several serving processes', () => {
  test('to the same question are one, whoever is asked, while it is worked on and after', async () => {
    const { ask, made } = openWorkers(3);
    const answers = await Promise.all([ask(0, 'k'), ask(1, 'k'), ask(2, 'k')]);
    const late = await ask(1, 'k');
    expect([...answers, late].map(({ response }) => response.id)).toEqual(['of 0', 'of 0', 'of 0', 'of 0']);
    expect(made()).toBe(1);
    expect(late.answered.ads).toEqual([]);
  });

  test('to different questions are different, and cost two messages', async () => {
    const { ask, made, state } = openWorkers(2);
    await Promise.all([ask(0, 'a'), ask(1, 'b')]);
    expect([made(), state.messages]).toEqual([2, 4]);
  });

  test('are given anew after a second', async () => {
    const { ask, state, made } = openWorkers(2);
    await ask(0, 'k');
    state.nowMs = 1_000;
    expect((await ask(1, 'k')).response.id).toBe('of 1');
    expect(made()).toBe(2);
  });

  test('that failed are tried by who asked for them, and a process that ended holds nobody up', async () => {
    const { ask, relay } = openWorkers(3);
    const failed = ask(0, 'k', () => Promise.reject(new Error('no')));
    const tried = ask(1, 'k');
    await expect(failed).rejects.toThrow('no');
    expect((await tried).response.id).toBe('of 1');
    void ask(0, 'never', () => new Promise(() => {}));
    const waiting = ask(2, 'never');
    await new Promise((resolve) => setTimeout(resolve, 5));
    relay.lose(0);
    expect((await waiting).response.id).toBe('of 2');
  });

  test('that do not come in time are given by who waits', async () => {
    const { ask } = openWorkers(2);
    void ask(0, 'k', () => new Promise(() => {}));
    const startedAt = performance.now();
    expect((await ask(1, 'k')).response.id).toBe('of 1');
    expect(performance.now() - startedAt).toBeGreaterThan(200);
  });
});
