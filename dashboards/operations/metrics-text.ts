import type { CounterSample } from '../objectives/objectives.ts';

/** Samples in the text form of Prometheus (exposition format 0.0.4); comments and what is no number are left out. */
export function readMetrics(text: string): CounterSample[] {
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
