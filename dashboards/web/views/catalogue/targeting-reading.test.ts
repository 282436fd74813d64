import { describe, expect, it } from 'vitest';
import { expressionReading, readingOf } from './targeting-reading.ts';

const reading = (text: string) => expressionReading(text);

describe('A targeting in words', () => {
  it('says every rule, and nothing for those that are empty', () => {
    expect(
      readingOf({
        countries: { include: ['DE', 'AT', 'CH'], exclude: [] },
        device_types: { include: [], exclude: ['tv'] },
        os: { include: [], exclude: [] },
        key_values: [{ key: 'section', include: ['sport'], exclude: [] }],
        hours: [0, 1, 23, 24, 167],
        expression: '',
      }),
    ).toEqual([
      'country is DE, AT or CH',
      'device is not tv',
      '“section” is sport',
      'it is Monday 00:00 to 02:00, Monday 23:00 to Tuesday 01:00 or Sunday 23:00 to 24:00, by the zone of the advertiser',
    ]);
    expect(readingOf({})).toEqual([]);
  });

  it('does not spell long lists out', () => {
    const include = Array.from({ length: 30 }, (_, index) => `a${index}.example`);
    expect(readingOf({ domains: { include } })[0]).toMatch(/^domain is a0\.example, .* or one of 22 more$/);
  });

  it('says an expression', () => {
    expect(reading('country in (DE, AT) and not (device = tv or kv.section = sport)')).toEqual({
      reading: 'country is AT or DE and (device is not tv and “section” is not sport)',
    });
    expect(reading('day = sat or hour in (8..17, 22..1)')).toEqual({
      reading: 'either day of the week is sat or hour of the day is 00:00 to 02:00, 08:00 to 18:00 or 22:00 to 24:00',
    });
    expect(reading('not (country = DE and device = phone)')).toEqual({
      reading: 'either country is not DE or device is not phone',
    });
    expect(reading('  ')).toEqual({ reading: '' });
  });

  it('says where it can’t be read', () => {
    expect(reading('country =')).toMatchObject({ fault: expect.stringContaining('line 1, column 10') });
    expect(reading('colour = red')).toMatchObject({ fault: expect.stringContaining('expected an attribute') });
    expect(readingOf({ expression: 'country =' })).toEqual([]);
  });
});
