import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { repositoryFile } from './compose-file.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr?: string; readonly datasource: { readonly uid: string } }[];
}

const folder = new URL('../../dashboards/', import.meta.url).pathname;
const boards = readdirSync(join(folder, 'grafana/dashboards')).map((file) => ({
  file,
  board: JSON.parse(repositoryFile(`dashboards/grafana/dashboards/${file}`)) as { uid: string; panels: Panel[] },
}));
const targets = boards.flatMap(({ board }) => board.panels.flatMap((panel) => panel.targets ?? []));
const metric = /\badtally[_:][a-z0-9_:]+/g;

/** Names that the processes expose, or that rules record. */
function exposed(): Set<string> {
  const sources = [
    'apps/serve.ts',
    'serving/metrics.ts',
    'serving/decision-metrics.ts',
    'serving/overload-metrics.ts',
    'serving/prediction/model-metrics.ts',
    'apps/streams.ts',
    'apps/console-metrics.ts',
  ]
    .map(repositoryFile)
    .join('\n');
  const recorded = parse(repositoryFile('dashboards/prometheus/recording.yml')) as {
    groups: { rules: { record: string }[] }[];
  };
  return new Set([
    ...[...sources.matchAll(/\badtally_[a-z0-9_]+/g)].map(([name]) => name),
    ...recorded.groups.flatMap(({ rules }) => rules.map(({ record }) => record)),
  ]);
}

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

describe('What is watched', () => {
  it('is exposed by the processes, whether on a dashboard, recorded or in an alert', () => {
    const texts = [
      ...targets.map(({ expr = '' }) => expr),
      ...['recording.yml', 'alerts.yml', 'alerts.test.yml'].map((file) =>
        repositoryFile(`dashboards/prometheus/${file}`),
      ),
    ];
    const used = new Set(texts.flatMap((text) => [...text.matchAll(metric)].map(([name]) => name)));
    const known = exposed();
    expect([...used].filter((name) => !known.has(name))).toEqual([]);
    expect(used.size).toBeGreaterThan(20);
  });

  it('by operators is what their page names', () => {
    const named = new Set(
      [...repositoryFile('docs/operators.md').matchAll(/\badtally_[a-z0-9_]+/g)].map(([name]) => name),
    );
    const known = exposed();
    expect([...named].filter((name) => !known.has(name))).toEqual([]);
  });

  describe.skipIf(!hasPromtool && process.env['ENGINES_REQUIRED'] !== '1')('as promtool reads it', () => {
    it.each([
      ['check', 'config', 'prometheus.yml'],
      ['test', 'rules', 'alerts.test.yml'],
    ])('is in order: %s %s %s', (...args) => {
      const run = spawnSync('promtool', args, { encoding: 'utf8', cwd: join(folder, 'prometheus') });
      expect([run.status, run.stderr]).toEqual([0, '']);
    });
  });
});

describe.each(boards)('The dashboard $file', ({ file, board }) => {
  it('is named after its file and draws on the data sources that are provisioned', () => {
    const provisioned = parse(repositoryFile('dashboards/grafana/provisioning/datasources/adtally.yml')) as {
      datasources: { uid: string }[];
    };
    const uids = new Set(provisioned.datasources.map(({ uid }) => uid));
    expect(`${board.uid}.json`).toBe(file);
    for (const { datasource } of board.panels.flatMap((panel) => panel.targets ?? []))
      expect(uids).toContain(datasource.uid);
  });

  it('has panels with numbers and places of their own', () => {
    expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length);
    const cells = board.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, n) => `${x + (n % w)},${y + Math.floor(n / w)}`),
    );
    expect(cells.length - new Set(cells).size).toBe(0);
    expect(Math.max(...board.panels.map(({ gridPos }) => gridPos.x + gridPos.w))).toBeLessThanOrEqual(24);
  });
});
