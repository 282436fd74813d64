import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyRecord } from '../../domain/records.ts';
import { inventory, supply } from '../decision-world.ts';
import { type OpenRtbWorld, openOpenRtbWorld } from '../openrtb-world.ts';

/** Folder of bid requests that others wrote: `valid/`, `invalid/`, each with an `INDEX.tsv`. */
const folder = process.env['OPENRTB_CORPUS'] ?? '';

export interface CorpusFile {
  readonly name: string;
  readonly text: string;
  /** Columns of its row in the index. */
  readonly facts: Readonly<Record<string, string>>;
}

export const corpusIsThere = folder !== '' && existsSync(join(folder, 'valid', 'INDEX.tsv'));

export function readCorpus(part: 'valid' | 'invalid'): CorpusFile[] {
  if (!corpusIsThere) return [];
  const at = join(folder, part);
  const [head = '', ...rows] = readFileSync(join(at, 'INDEX.tsv'), 'utf8').split('\n');
  const columns = head.split('\t');
  const facts = new Map(
    rows.map((row) => {
      const cells = row.split('\t');
      return [cells[0], Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']))];
    }),
  );
  const names = readdirSync(at).filter((name) => !name.endsWith('.tsv'));
  return names
    .toSorted()
    .map((name) => ({ name, text: readFileSync(join(at, name), 'utf8'), facts: facts.get(name) ?? {} }));
}

const cpm = { pricing_model: 'CPM', bid_micros: 60_000_000 } as const;
const media = (type: string): string =>
  JSON.stringify({ media: [{ url: `https://cdn.example/${type}`, type, width: 640, height: 360 }] });

/** An ad of every format that fits any request, and a placement that takes all. */
export function everyFormat(): AnyRecord[] {
  const creative = (format: string, markup: string) => ({ format, markup, width: 0, height: 0, duration_ms: 0 });
  const image = { img: { type: 3, url: 'https://cdn.example/a.png', w: 300, h: 250 } };
  const assets = [{ title: { text: 'A' } }, image, { data: { type: 2, value: 'B' } }];
  return [
    ...inventory(1, { placement: { formats: ['banner', 'video', 'audio', 'native'], sizes: [] } }),
    ...supply(1, { lineItem: cpm, creative: creative('banner', '<b>1</b>') }),
    ...supply(2, { lineItem: cpm, creative: creative('video', media('video/mp4')) }),
    ...supply(3, { lineItem: cpm, creative: creative('audio', media('audio/mpeg')) }),
    ...supply(4, { lineItem: cpm, creative: creative('native', JSON.stringify({ assets })) }),
  ];
}

export function openCorpusWorld(): OpenRtbWorld {
  const world = openOpenRtbWorld({ records: everyFormat() });
  const row = { USD: 1.1, GBP: 0.85 };
  world.rates.load(JSON.stringify({ dataAsOf: '2026-01-01', conversions: { EUR: row } }));
  return world;
}
