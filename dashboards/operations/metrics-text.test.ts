import { expect, it } from 'vitest';
import { readMetrics } from './metrics-text.ts';

const text = `# HELP adtally_ledger_lag_records Records
# TYPE adtally_ledger_lag_records gauge
adtally_ledger_lag_records{stream="final-1"} 3
adtally_ledger_lag_records{stream="final-0"} 0
adtally_ledger_damaged{stream="final-1"} 1
quoted{a="x\\"y\\nz",b="2"} 1.5e3
process_start 17
broken{ 1
`;

it('metrics are read with their labels', () => {
  const samples = readMetrics(text);
  expect(samples.at(-2)).toEqual({ name: 'quoted', labels: { a: 'x"y\nz', b: '2' }, value: 1500 });
  expect(samples.at(-1)).toEqual({ name: 'process_start', labels: {}, value: 17 });
  expect(samples).toHaveLength(5);
});
