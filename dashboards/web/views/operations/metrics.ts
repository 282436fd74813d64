export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Samples in the text form of Prometheus (exposition format 0.0.4); comments and what is no number are left out. */
export function readMetrics(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
    const number = Number(value);
    return name === undefined || Number.isNaN(number) ? [] : [{ name, labels: readLabels(labels), value: number }];
  });
}

function readLabels(text: string): Record<string, string> {
  const found = text.matchAll(/([a-zA-Z_]\w{0,99})="((?:[^"\\]|\\.)*)"/g);
  return Object.fromEntries(
    [...found].map(([, name = '', value = '']) => [
      name,
      value.replace(/\\(.)/g, (_all, one) => (one === 'n' ? '\n' : String(one))),
    ]),
  );
}

/** Rows by the value of one label, a column for each metric. */
export function tableOf(
  samples: readonly Sample[],
  label: string,
  metrics: readonly string[],
): { readonly about: string; readonly values: Readonly<Record<string, number>> }[] {
  const rows = new Map<string, Record<string, number>>();
  for (const { name, labels, value } of samples) {
    const about = labels[label];
    if (about === undefined || !metrics.includes(name)) continue;
    rows.set(about, { ...rows.get(about), [name]: value });
  }
  return [...rows].map(([about, values]) => ({ about, values })).toSorted((a, b) => (a.about < b.about ? -1 : 1));
}
