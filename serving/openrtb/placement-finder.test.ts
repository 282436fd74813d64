import { describe, expect, test } from 'vitest';
import type { AnyRecord } from '../../domain/records.ts';
import { indexOf, placement, publisher } from '../../test/decision-world.ts';
import { type PlacementClues, PlacementFinder } from './placement-finder.ts';

const published = (number: number, of: number, changes: Parameters<typeof placement>[1]): AnyRecord => ({
  name: 'PlacementPublished',
  value: placement(number, { publisher_id: `pub_${of}`, ...changes }),
});
const owner = (number: number, domains: string[]): AnyRecord => ({
  name: 'PublisherPublished',
  value: publisher(number, { domains }),
});

const records = [
  owner(1, ['news.example', 'com.News.App']),
  owner(2, ['other.example']),
  published(1, 1, { name: 'Top', sizes: ['300x250'], floor_currency: 'EUR' }),
  published(2, 1, { name: 'Side', sizes: ['300x250', '300x600'], floor_currency: 'USD' }),
  published(3, 1, { name: 'Any', sizes: [] }),
  published(4, 1, { name: 'Player', formats: ['video'], sizes: [] }),
  published(5, 2, { name: 'Elsewhere', formats: ['banner', 'video'], sizes: [] }),
  published(6, 2, { name: 'Paused', status: 'PAUSED' }),
];

const clues: PlacementClues = {
  publisherId: 'pub_1',
  siteName: null,
  named: null,
  hints: [],
  formats: ['banner'],
  sizes: ['300x250'],
  currency: null,
};

function find(changes: Partial<PlacementClues>, defaultPublisher = 'off'): string {
  const finder = new PlacementFinder({ catalog: indexOf(records).catalog, defaultPublisher });
  const found = finder.find({ ...clues, ...changes });
  return typeof found === 'string' ? found : found.placement_id;
}

describe('the placement of an imp', () => {
  test('is the one that our parameter names, and no other', () => {
    expect(find({ named: 'pl_3' })).toBe('pl_3');
    expect(find({ named: 'Side' })).toBe('pl_2');
    expect(find({ named: 'pl_99' })).toBe('unknown_placement');
    expect(find({ named: 'pl_5' })).toBe('unknown_placement');
    expect(find({ named: 'pl_5', publisherId: 'their-own-id' })).toBe('pl_5');
  });

  test('is the one of the tag, where that is a name of ours', () => {
    expect(find({ hints: ['Any'] })).toBe('pl_3');
    expect(find({ hints: ['header-1', 'pl_4'] })).toBe('pl_4');
    expect(find({ hints: ['header-1'] })).toBe('pl_1');
  });

  test('else fits best: by formats, then size, then currency, the oldest first', () => {
    expect(find({})).toBe('pl_1');
    expect(find({ currency: 'USD' })).toBe('pl_2');
    expect(find({ sizes: ['728x90'] })).toBe('pl_3');
    expect(find({ formats: ['video'], sizes: [] })).toBe('pl_4');
    expect(find({ formats: ['audio'] })).toBe('unknown_placement');
  });

  test('belongs to the publisher of that id, else of the site or the app, else to the default one', () => {
    expect(find({ publisherId: 'x', siteName: 'www.other.example' })).toBe('pl_5');
    expect(find({ publisherId: null, siteName: 'com.news.app' })).toBe('pl_1');
    const stranger = { publisherId: 'x', siteName: 'stranger.example' };
    expect(find(stranger)).toBe('unknown_publisher');
    expect(find(stranger, 'pub_2')).toBe('pl_5');
    expect(find(stranger, 'only')).toBe('unknown_publisher');
  });
});
