import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { podTermsOf } from './pod.ts';

const mimes = ['video/mp4'];

describe('a pod', () => {
  test('of several imps takes one ad in each, and they know each other by its id', () => {
    const imp = { video: { mimes, podid: 'p', rqddurs: [15, 30] } };
    expect(podTermsOf(imp)).toEqual({ count: 1, durations: ['15-15', '30-30'], podId: 'p', longestSeconds: 30 });
  });

  test('of one imp takes as many ads as fit even if each is as long as it may be', () => {
    expect(podTermsOf({ video: { mimes, poddur: 60, maxseq: 3, maxduration: 15 } })).toMatchObject({ count: 3 });
    expect(podTermsOf({ audio: { mimes, poddur: 60, maxduration: 20, minduration: 5 } })).toMatchObject({
      count: 3,
      durations: ['5-20'],
    });
    expect(podTermsOf({ video: { mimes, poddur: 20 } })).toMatchObject({ count: 1, durations: ['0-20'] });
  });

  test('is never filled beyond its length', () => {
    const seconds = fc.integer({ min: 0, max: 400 });
    fc.assert(
      fc.property(
        fc.record({ poddur: fc.integer({ min: 1, max: 600 }), maxduration: seconds, maxseq: seconds }),
        (video) => {
          const { count, longestSeconds } = podTermsOf({ video: { mimes, ...video } });
          return count >= 1 && count * (longestSeconds ?? Infinity) <= video.poddur;
        },
      ),
    );
  });

  test('is none where nothing is said of lengths', () => {
    expect(podTermsOf({ video: { mimes } })).toEqual({ count: 1, durations: [], podId: null, longestSeconds: null });
    expect(podTermsOf({ banner: { w: 1, h: 1 } })).toMatchObject({ count: 1, durations: [] });
  });
});
