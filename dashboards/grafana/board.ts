/** A dashboard of Grafana, as much of it as ours say. */
export interface Board {
  /** `adtally-` and what it is about; names the file too. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly sections: readonly Section[];
}

export interface Section {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** Units of Grafana that ours use. */
export type Unit = 'short' | 'ms' | 's' | 'µs' | 'bytes' | 'percentunit' | 'reqps' | 'ops';

export interface Panel {
  readonly title: string;
  /** What to make of it, where the title does not say. */
  readonly note?: string;
  readonly kind?: 'timeseries' | 'stat';
  readonly unit?: Unit;
  /** Query and legend. */
  readonly series: readonly (readonly [expr: string, legend: string])[];
  /** From here on it is red. */
  readonly redFrom?: number;
  /** Below it is red. */
  readonly redBelow?: number;
  readonly isStacked?: boolean;
  /** Of 24 columns. Default: a third, a stat a sixth. */
  readonly width?: number;
}

const datasource = { type: 'prometheus', uid: 'adtally-prometheus' } as const;
const columns = 24;
const heights = { timeseries: 8, stat: 4 } as const;

function thresholds({ redFrom, redBelow }: Panel): object {
  const first = redBelow === undefined ? 'green' : 'red';
  const steps: object[] = [{ color: first, value: null }];
  if (redFrom !== undefined) steps.push({ color: 'red', value: redFrom });
  if (redBelow !== undefined) steps.push({ color: 'green', value: redBelow });
  return { mode: 'absolute', steps };
}

function lines(panel: Panel): object {
  const isMarked = panel.redFrom !== undefined || panel.redBelow !== undefined;
  return {
    custom: {
      lineWidth: 1,
      fillOpacity: panel.isStacked === true ? 30 : 10,
      showPoints: 'never',
      stacking: { mode: panel.isStacked === true ? 'normal' : 'none' },
      thresholdsStyle: { mode: isMarked ? 'line' : 'off' },
    },
    color: { mode: 'palette-classic' },
  };
}

function panelJson(panel: Panel, id: number, gridPos: object): object {
  const { title, note = '', kind = 'timeseries', unit = 'short', series } = panel;
  const isStat = kind === 'stat';
  const look = isStat ? { custom: {}, color: { mode: 'thresholds' } } : lines(panel);
  return {
    id,
    type: kind,
    title,
    description: note,
    datasource,
    targets: series.map(([expr, legendFormat], index) => ({
      refId: String.fromCodePoint(65 + index),
      expr,
      legendFormat,
      datasource,
    })),
    fieldConfig: { defaults: { unit, ...look, thresholds: thresholds(panel) }, overrides: [] },
    options: isStat
      ? { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'background' }
      : { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
    gridPos,
  };
}

/** Puts the panels of a board side by side, row below row, as the file that Grafana is provisioned with. */
export function boardJson({ uid, title, description, sections }: Board): string {
  const panels: object[] = [];
  let y = 0;
  for (const section of sections) {
    const gridPos = { x: 0, y, w: columns, h: 1 };
    panels.push({ id: panels.length + 1, type: 'row', title: section.title, collapsed: false, gridPos, panels: [] });
    y += 1;
    let [x, height] = [0, 0];
    for (const panel of section.panels) {
      const { kind = 'timeseries' } = panel;
      const { width: w = kind === 'stat' ? 4 : 8 } = panel;
      if (x + w > columns) [x, y, height] = [0, y + height, 0];
      panels.push(panelJson(panel, panels.length + 1, { x, y, w, h: heights[kind] }));
      x += w;
      height = Math.max(height, heights[kind]);
    }
    y += height;
  }
  const board = {
    uid,
    title,
    description,
    tags: ['adtally'],
    schemaVersion: 41,
    version: 1,
    editable: false,
    timezone: 'utc',
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: { list: [] },
    annotations: { list: [] },
    links: [{ type: 'dashboards', tags: ['adtally'], title: 'Adtally', asDropdown: true, includeVars: false }],
    panels,
  };
  return `${JSON.stringify(board, null, 2)}\n`;
}
