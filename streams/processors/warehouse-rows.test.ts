import { expect, test } from 'vitest';
import { openFileSchemaRegistry } from '../../adapters/embedded/file-schema-registry.ts';
import { topicRecords } from '../../domain/records.ts';
import type { LogRecord } from '../../ports/event-log.ts';
import { billingOf, lifeOf } from '../../test/reporting/sample-log.ts';
import { rowOf, type SinkRow, sunkTopics, tablesOf, timeCell } from './warehouse-rows.ts';

const registry = openFileSchemaRegistry();

function sunk(topic: LogRecord['topic'], value: Uint8Array): SinkRow {
  return rowOf({ topic, shard: 2, offset: 7, key: 'secret', value, appendedAt: 1_767_607_200_123 }, registry);
}

function cell(row: SinkRow, column: string): unknown {
  expect(row.table.columns).toContain(column);
  return row.cells[row.table.columns.indexOf(column)];
}

const life = lifeOf(billingOf(3, 'CPM'), {
  impression: 'accepted',
  viewable: true,
  click: true,
  spend: 'reversed',
  verdict: 'sivt-click-farm',
});

test('Every record of every topic of the log has a table of its own', () => {
  const tables = sunkTopics.flatMap((topic) => tablesOf(topic));
  const records = Object.entries(topicRecords).flatMap(([topic, names]) => (topic === 'ledger' ? [] : names));
  expect(new Set(tables).size).toBe(records.length);
});

test.each(life)('A row of $name has a cell for each column, none undefined, and says where it stands', (sample) => {
  const row = sunk(sample.topic, registry.encode(sample.name, sample.value));
  expect(row.cells).toHaveLength(row.table.columns.length);
  expect(row.cells).not.toContain(undefined);
  expect(new Set(row.table.columns).size).toBe(row.table.columns.length);
  expect(row.cells.slice(0, 4)).toEqual([sample.topic, 2, 7, '2026-01-05 10:00:00.123']);
  expect(JSON.stringify(row.cells)).not.toContain('secret');
});

test('A click has the lease of the click under the short name and that of the token under its path', () => {
  const sample = life.find(({ name }) => name === 'AdClicked');
  if (sample?.name !== 'AdClicked') throw new Error('no click');
  const row = sunk('click', registry.encode('AdClicked', sample.value));
  expect(cell(row, 'draw_lease_node')).toBeNull();
  expect(cell(row, 'beacon_billing_draw_lease_node')).toBe('n1');
  expect(cell(row, 'selection_id')).toBe(sample.value.beacon.billing.selection_id);
});

test('Lists of flat records stay lists, and what is absent is null', () => {
  const sample = life.find(({ name }) => name === 'AdSelected');
  if (sample?.name !== 'AdSelected') throw new Error('no selection');
  const row = sunk('selected', registry.encode('AdSelected', { ...sample.value, person: null }));
  expect(cell(row, 'stages')).toEqual(sample.value.stages.map((stage) => ({ ...stage })));
  expect(cell(row, 'person_revision')).toBeNull();
  expect(cell(row, 'person_segments')).toBeNull();
  expect(cell(row, 'billing_shard')).toBe(sample.value.billing.shard);
});

test('A time is exact to the millisecond from 1970 to 2299, and stays within', () => {
  expect(timeCell(0)).toBe('1970-01-01 00:00:00.000');
  expect(timeCell(1_767_607_200_001)).toBe('2026-01-05 10:00:00.001');
  expect(timeCell(-1)).toBe('1970-01-01 00:00:00.000');
  expect(timeCell(Number.MAX_SAFE_INTEGER)).toBe('2299-12-31 23:59:59.999');
});

test('What can not be decoded or stands in the wrong topic becomes a row of the unreadable', () => {
  expect(sunk('spend', Uint8Array.of(1)).table.name).toBe('unreadable');
  const misplaced = sunk('click', registry.encode('TimeAdvanced', { advanced_to: 1, ticker: 't' }));
  expect(cell(misplaced, 'reason')).toBe('TimeAdvanced in topic click');
  expect(cell(misplaced, 'byte_length')).toBeGreaterThan(0);
});
