import crawlers from 'crawler-user-agents' with { type: 'json' };
import UserAgent from 'user-agents';
import { describe, expect, test } from 'vitest';
import { BotGate } from './bot-gate.ts';
import { BoundedCache } from './bounded-cache.ts';

const chrome =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36';

describe('the bot gate', () => {
  test('blocks agents that declare themselves robots, the second time too', () => {
    const gate = new BotGate([]);
    const google = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';
    expect([gate.block(google, ''), gate.block(google, '')]).toEqual(['declared_bot', 'declared_bot']);
    expect(gate.block(chrome, '192.0.2.1')).toBeNull();
  });

  test('knows nearly all crawlers of the public list and takes no real browser for one', () => {
    const gate = new BotGate([]);
    const samples = (crawlers as { instances: string[] }[]).flatMap(({ instances }) => instances.slice(0, 1));
    const known = samples.filter((agent) => gate.block(agent, '') === 'declared_bot');
    expect(known.length / samples.length).toBeGreaterThan(0.95);
    const people = Array.from({ length: 500 }, () => new UserAgent().toString());
    expect(people.filter((agent) => gate.block(agent, '') !== null)).toEqual([]);
  });

  test('blocks listed networks', () => {
    const gate = new BotGate(['198.51.100.0/24', '2001:db8::/32']);
    expect(gate.block(chrome, '198.51.100.9')).toBe('listed_network');
    expect(gate.block(chrome, '2001:db8::9')).toBe('listed_network');
    expect(gate.block(chrome, '198.51.101.9')).toBeNull();
    expect(gate.block(chrome, 'no address')).toBeNull();
  });

  test.each([
    [chrome, 'desktop', 'windows'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148', 'phone', 'ios'],
    ['Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) AppleWebKit/605.1.15', 'tablet', 'ios'],
    ['Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/130 Mobile Safari/537.36', 'phone', 'android'],
    ['Mozilla/5.0 (Linux; Android 14; SM-X910) AppleWebKit/537.36 Chrome/130 Safari/537.36', 'tablet', 'android'],
    ['Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) AppleWebKit/537.36', 'tv', 'tizen'],
    ['Mozilla/5.0 (X11; CrOS x86_64 15633) AppleWebKit/537.36 Chrome/130 Safari/537.36', 'desktop', 'chromeos'],
    ['', 'unknown', null],
  ])('reads device and system of %s', (agent, deviceType, os) => {
    expect(new BotGate([]).agent(agent)).toMatchObject({ deviceType, os });
  });
});

test('a bounded cache keeps what was asked for lately and no more than it may', () => {
  const cache = new BoundedCache<number, number>(10);
  for (let number = 0; number < 100; number += 1) {
    cache.set(number, number);
    expect(cache.get(0)).toBe(0);
  }
  const kept = Array.from({ length: 100 }, (_, number) => number).filter((number) => cache.get(number) !== undefined);
  expect(kept).toContain(99);
  expect(kept.length).toBeLessThanOrEqual(10);
});
