import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { deriveLimits } from '../../config/limits.ts';
import { readSettings, settingRows } from '../../config/settings.ts';
import { readCompose, repositoryFile } from './compose-file.ts';

const { services, volumes } = readCompose();
const all = Object.entries(services);
const own = all.filter(([, { build }]) => build !== undefined);
const engines = ['clickhouse', 'eventstore', 'kafka', 'redis', 'schema-registry'];
/** Where people go, not the platform. */
const forBrowsers = ['PUBLIC_URL', 'TRACE_VIEW_URL'];
const names = (profile: string) => all.filter(([, { profiles }]) => profiles.includes(profile)).map(([name]) => name);
const variables = new Set(settingRows().map(({ variable }) => variable));

/** The client of either generation, or null. */
const client = [['docker', 'compose'], ['docker-compose']].find(
  ([program = '', ...args]) => spawnSync(program, [...args, 'version']).status === 0,
);

describe('docker-compose.yml', () => {
  it('has the engines in one profile, and everything in the other', () => {
    expect(names('engines').toSorted()).toEqual(engines);
    expect(names('tracing')).toEqual(['jaeger']);
    expect(names('everything').toSorted()).toEqual(all.map(([name]) => name).toSorted());
    expect(own.map(([name]) => name).toSorted()).toEqual(['console', 'serve-1', 'serve-2', 'streams']);
  });

  it.each(own)('gives %s settings that there are, with values that they take', (_, { environment = {} }) => {
    expect(Object.keys(environment).filter((variable) => !variables.has(variable))).toEqual([]);
    const texts = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, String(value ?? '')]));
    const settings = readSettings(texts);
    expect(() => deriveLimits(settings)).not.toThrow();
    // No embedded engine, but for the warehouse of processes that have none.
    const { LOG_URL, SCHEMA_REGISTRY_URL, LEDGER_URL, VIEWS_URL, KEYS_URL } = texts;
    expect([LOG_URL, SCHEMA_REGISTRY_URL, LEDGER_URL, VIEWS_URL, KEYS_URL]).not.toContain(undefined);
  });

  it('lets everything that the platform connects to be a service of its own, that is waited for unless it may be away', () => {
    for (const [, { environment = {}, depends_on: waited = {} }] of own) {
      const hosts = Object.entries(environment)
        .filter(([name, value]) => name.endsWith('_URL') && !forBrowsers.includes(name) && Boolean(value))
        .map(([, value]) => new URL(String(value)).hostname);
      expect(hosts.filter((host) => !engines.includes(host))).toEqual([]);
      expect(hosts.filter((host) => host !== 'clickhouse' && waited[host]?.condition !== 'service_healthy')).toEqual(
        [],
      );
    }
  });

  it('gives two serving nodes names of their own', () => {
    const nodes = own.map(([, { environment }]) => environment?.['NODE_NAME']).filter((name) => name !== undefined);
    expect(nodes).toEqual(['serve-1', 'serve-2']);
  });

  it.each(all)('pins the image of %s, by a name without a registry', (_, { image }) => {
    expect(image).toMatch(/^([a-z0-9-]+\/)?[a-z0-9-]+:v?\d[\w.-]*$/);
  });

  it.each(all)('says of %s whether it is healthy', (_, { healthcheck, build }) => {
    // The platform's own image brings its check.
    if (build === undefined) expect(healthcheck).toBeDefined();
    else expect(repositoryFile('Dockerfile')).toMatch(/^HEALTHCHECK /m);
  });

  it('publishes ports to this machine alone, each once', () => {
    const ports = all.flatMap(([, service]) => service.ports ?? []);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
    expect(new Set(ports.map((port) => port.split(':')[1])).size).toBe(ports.length);
  });

  it('keeps what must last in named volumes that it declares', () => {
    const named = all.flatMap(([, service]) => service.volumes ?? []).map((volume) => volume.split(':')[0] ?? '');
    const used = new Set(named.filter((name) => !name.startsWith('.')));
    expect([...used].toSorted()).toEqual(Object.keys(volumes).toSorted());
  });

  it.each([
    'docker-compose.yml',
    'Dockerfile',
    'dashboards/prometheus/prometheus.yml',
    'dashboards/grafana/provisioning/datasources/adtally.yml',
  ])('names no host of the outside in %s', (file) => {
    const hosts = [...repositoryFile(file).matchAll(/[a-z]+:\/\/(?:[^@\s/]*@)?([\w.-]+)/g)].map(
      ([, host = '']) => host,
    );
    const known = new Set([...all.map(([name]) => name), 'localhost', '0.0.0.0']);
    expect(hosts.filter((host) => !known.has(host))).toEqual([]);
  });

  describe.skipIf(client === undefined && process.env['ENGINES_REQUIRED'] !== '1')(
    'as a compose client reads it',
    () => {
      it.each(['engines', 'everything'])('is in order with the profile %s', (profile) => {
        const [program = '', ...args] = client ?? [];
        const cwd = new URL('../../', import.meta.url).pathname;
        const run = spawnSync(program, [...args, '--profile', profile, 'config', '-q'], { encoding: 'utf8', cwd });
        expect([run.status, run.stderr]).toEqual([0, '']);
      });
    },
  );
});
