import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { AdtallyError } from '../domain/errors.ts';
import { EngineMeter } from './engine-meter.ts';

class Engine {
  readonly #value = 7;
  readonly name = 'engine';
  answer: () => Promise<number> = async () => this.#value;

  read(): Promise<number> {
    return this.answer();
  }

  shards(): number {
    return this.#value;
  }

  async wait(): Promise<number> {
    return this.#value;
  }
}

function open() {
  let nowUs = 0;
  const meter = new EngineMeter(() => (nowUs += 3_000));
  const registry = new Registry();
  meter.addTo(registry);
  const engine = new Engine();
  const lines = async () => (await registry.metrics()).split('\n').filter((line) => line.startsWith('adtally'));
  return { engine, port: meter.measure('log', engine), lines };
}

test('counts calls of an engine and their time, and passes on what they give', async () => {
  const { port, lines } = open();
  expect([await port.read(), await port.read(), port.shards(), port.name, await port.wait()]).toEqual([
    7,
    7,
    7,
    'engine',
    7,
  ]);
  const found = await lines();
  expect(found).toContain('adtally_engine_calls_total{engine="log",call="read",outcome="ok"} 2');
  expect(found).toContain('adtally_engine_call_ms_sum{engine="log",call="read"} 6');
  expect(found).toContain('adtally_engine_call_ms_bucket{le="2",engine="log",call="read"} 0');
  expect(found.filter((line) => /call="(wait|shards)"/.test(line) && !line.endsWith(' 0'))).toEqual([]);
});

test('tells what an engine refuses from what fails', async () => {
  const { port, engine, lines } = open();
  for (const error of [
    new AdtallyError('WRONG_EXPECTED_REVISION', 'another was first'),
    new AdtallyError('LOG_UNAVAILABLE', 'away'),
    new TypeError('x'),
  ]) {
    engine.answer = () => Promise.reject(error);
    await expect(port.read()).rejects.toBe(error);
  }
  const found = await lines();
  expect(found).toContain('adtally_engine_calls_total{engine="log",call="read",outcome="refused"} 1');
  expect(found).toContain('adtally_engine_calls_total{engine="log",call="read",outcome="failed"} 2');
});
