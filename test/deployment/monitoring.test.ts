import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { defaultMetrics, exportedMetrics } from '../../apps/metrics-reference.ts';
import { lagAlerts, truthNames } from '../../dashboards/objectives/objectives.ts';
import { tolerancesMs } from '../../dashboards/overview/truth-lags.ts';
import { eventCodes } from '../../domain/log-codes.ts';
import { labelMeanings, unitOf } from '../../scripts/monitoring/metrics-page.ts';
import { repositoryFile } from './compose-file.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr?: string; readonly datasource: { readonly uid: string } }[];
}

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly annotations?: { readonly runbook?: string };
}

const folder = new URL('../../dashboards/', import.meta.url).pathname;
const boards = readdirSync(join(folder, 'grafana/dashboards')).map((file) => ({
  file,
  board: JSON.parse(repositoryFile(`dashboards/grafana/dashboards/${file}`)) as { uid: string; panels: Panel[] },
}));
const targets = boards.flatMap(({ board }) => board.panels.flatMap((panel) => panel.targets ?? []));
const ruleFiles = ['recording.yml', 'objectives.yml', 'alerts.yml'];
const rules = ruleFiles.flatMap((file) => {
  const { groups } = parse(repositoryFile(`dashboards/prometheus/${file}`)) as { groups: { rules: Rule[] }[] };
  return groups.flatMap((group) => group.rules);
});
const alerts = rules.filter(({ alert }) => alert !== undefined);
/** Every query that anything is watched with. */
const queries = [...targets.flatMap(({ expr }) => expr ?? []), ...rules.map(({ expr }) => expr)];
const reference = Object.values(exportedMetrics()).flat();
const labelsOf = new Map(
  reference.flatMap(({ name, type, labels }) =>
    type === 'histogram'
      ? ['bucket', 'sum', 'count'].map((part) => [`${name}_${part}`, [...labels, 'le']] as const)
      : [[name, labels] as const],
  ),
);
/** What Prometheus adds to every series, and what the rules give to those that they record. */
const given = new Set(['job', 'instance', 'objective', 'alertname', 'alertstate', 'severity']);

/** Metrics of a query with the labels that it asks them for. */
function selectors(query: string): { readonly name: string; readonly labels: readonly string[] }[] {
  const found = query.matchAll(/\b([a-z_][a-z0-9_:]*)(?:\{([^}]*)\})?/g);
  return [...found]
    .filter(([, name = '']) => /^(adtally|process|nodejs)[_:]/.test(name))
    .map(([, name = '', inner = '']) => ({
      name,
      labels: [...inner.matchAll(/(\w+)\s*[!=]/g)].map(([, label = '']) => label),
    }));
}

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

describe('What is watched', () => {
  it('is exported by the processes or recorded, whether on a dashboard, in a rule or in an alert', () => {
    const known = new Set([...labelsOf.keys(), ...defaultMetrics(), ...rules.flatMap(({ record }) => record ?? [])]);
    const defaults = new Set(defaultMetrics());
    const used = new Set(queries.flatMap(selectors).map(({ name }) => name));
    const unknown = [...used].filter(
      (name) => !known.has(name) && !defaults.has(name.replace(/_(sum|count|bucket)$/, '')),
    );
    expect(unknown).toEqual([]);
    expect(used.size).toBeGreaterThan(60);
  });

  it('is asked only for labels that it has', () => {
    const wrong = queries.flatMap((query) =>
      selectors(query).flatMap(({ name, labels }) =>
        labels
          .filter((label) => labelsOf.has(name) && !given.has(label) && !labelsOf.get(name)?.includes(label))
          .map((label) => `${name}{${label}}`),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it('is summed only by labels that it has', () => {
    const wrong = queries.flatMap((query) => {
      const names = selectors(query).map(({ name }) => name);
      const has = new Set([...given, ...names.flatMap((name) => labelsOf.get(name) ?? ['*'])]);
      const by = [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, inner = '']) => inner.split(/,\s*/));
      return has.has('*') ? [] : by.filter((label) => !has.has(label)).map((label) => `${label} of ${query}`);
    });
    expect(wrong).toEqual([]);
  });

  it('has a unit, and a meaning of every label, in the reference', () => {
    const faults = reference.flatMap(({ name, labels, meaning }) => [
      ...(unitOf(name) === '' ? [`${name} has no unit`] : []),
      ...(meaning.length < 10 ? [`${name} has no meaning`] : []),
      ...labels.filter((label) => labelMeanings[label] === undefined).map((label) => `${label} of ${name}`),
    ]);
    expect(faults).toEqual([]);
  });

  it('by operators is what their page names', () => {
    const named = new Set(
      [...repositoryFile('docs/operators.md').matchAll(/\badtally_[a-z0-9_]+/g)].map(([name]) => name),
    );
    const known = new Set(reference.map(({ name }) => name));
    expect([...named].filter((name) => !known.has(name))).toEqual([]);
  });

  it("leads from every alert to its section of the operators' page, and from every section to an alert", () => {
    const page = repositoryFile('docs/operators.md');
    const names = alerts.map(({ alert }) => alert);
    const sections = [...page.matchAll(/^#### (\w+)$/gm)].map(([, name]) => name);
    expect(new Set(sections)).toEqual(new Set(names));
    expect(sections).toHaveLength(names.length);
    for (const { alert, annotations } of alerts) {
      expect(annotations?.runbook).toBe(`docs/operators.md#${alert?.toLowerCase()}`);
      expect(page.includes(`\n#### ${alert}\n`)).toBe(true);
    }
  });

  it('is said under codes that the page explains', () => {
    const page = repositoryFile('docs/operators.md');
    for (const [code, meaning] of Object.entries(eventCodes)) expect(page).toContain(`| \`${code}\` | ${meaning} |`);
  });

  it('is told at the number at which the console tells it', () => {
    const time = alerts.find(({ alert }) => alert === 'TimeStandsStill');
    expect(time?.expr).toBe(`adtally:ledger_time_age_ms:max > ${tolerancesMs.time}`);
    for (const truth of truthNames) {
      const lag = alerts.find(({ alert }) => alert === lagAlerts[truth]);
      expect(lag?.expr).toBe(`max(adtally_truth_lag_ms{truth="${truth}"}) > ${tolerancesMs[truth]}`);
    }
  });

  describe.skipIf(!hasPromtool && process.env['ENGINES_REQUIRED'] !== '1')('as promtool reads it', () => {
    it.each([
      ['check', 'config', 'prometheus.yml'],
      ['check', 'rules', ...ruleFiles],
      ['test', 'rules', 'alerts.test.yml'],
      ['test', 'rules', 'objectives.test.yml'],
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
