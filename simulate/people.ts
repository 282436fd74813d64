import { readFileSync } from 'node:fs';
import crawlers from 'crawler-user-agents';
import type { Random } from '../ports/random.ts';

/** Somebody, or something, that looks at pages. */
export interface Person {
  readonly id: string;
  readonly userAgent: string;
  readonly deviceType: 'desktop' | 'phone' | 'tablet';
  /** Where its connections come from; also what the page says its address is. */
  readonly address: string;
  readonly language: string;
  readonly country: string;
  readonly consent: 'not_in_scope' | 'none' | 'coppa';
}

interface AgentRow {
  readonly userAgent: string;
  readonly weight: number;
  readonly deviceCategory: string;
  readonly language?: string;
}

const countries = ['DE', 'FR', 'NL', 'ES', 'IT', 'PL', 'AT', 'US', 'GB', 'BR'] as const;

/** One of a list, each with the same chance. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random.fraction() * list.length)] as T;
}

/** User agents that were seen in the world, with how often (npm `user-agents`; its data, since its own generator takes no seed). */
export function realAgents(): readonly AgentRow[] {
  const path = new URL('./user-agents.json', import.meta.resolve('user-agents'));
  return JSON.parse(readFileSync(path, 'utf8')) as AgentRow[];
}

/** User agents of robots that say so (npm `crawler-user-agents`); left out what looks like a browser to anyone and what no header can hold. */
export function robotAgents(): readonly string[] {
  const instances = crawlers.flatMap((crawler) => crawler.instances);
  return instances.filter((agent) => /bot|crawl|spider/i.test(agent) && /^[\x20-\x7e]{1,200}$/.test(agent));
}

const deviceTypes: Readonly<Record<string, Person['deviceType']>> = {
  mobile: 'phone',
  tablet: 'tablet',
  desktop: 'desktop',
};

function consentOf(fraction: number): Person['consent'] {
  if (fraction < 0.6) return 'not_in_scope';
  return fraction < 0.98 ? 'none' : 'coppa';
}

/** People by seed, each with a network of its own below 127.0.0.0/8; agents are as frequent as in the world. */
export function makePeople(random: Random, count: number): readonly Person[] {
  const agents = realAgents();
  const cumulative: number[] = [];
  let sum = 0;
  for (const { weight } of agents) cumulative.push((sum += weight));
  return Array.from({ length: count }, (_, index) => {
    const wanted = random.fraction() * sum;
    const agent = agents[cumulative.findIndex((upTo) => upTo >= wanted)] ?? (agents[0] as AgentRow);
    return {
      id: `person-${index}-${Buffer.from(random.bytes(6)).toString('hex')}`,
      userAgent: agent.userAgent,
      deviceType: deviceTypes[agent.deviceCategory] ?? 'desktop',
      address: `127.${10 + Math.floor(index / 250)}.${1 + (index % 250)}.${1 + Math.floor(random.fraction() * 250)}`,
      language: (agent.language ?? 'en').slice(0, 2).toLowerCase(),
      country: pick(random, countries),
      consent: consentOf(random.fraction()),
    };
  });
}
