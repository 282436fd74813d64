import { describe, expect, test } from 'vitest';
import { placement, publisher } from '../../test/decision-world.ts';
import { noExchangeTerms, type OfferedFormats } from '../exchange-terms.ts';
import type { ResolvedSlot } from '../slot.ts';
import { askedFormats } from './asked-formats.ts';

const every = new Set(['banner', 'video', 'audio', 'native']);

function slot(formats: readonly string[], offered?: OfferedFormats, sizes: readonly string[] = []): ResolvedSlot {
  const exchange = offered === undefined ? {} : { exchange: { ...noExchangeTerms, offered } };
  const request = {
    id: 's',
    placementId: 'pl_1',
    count: 1,
    keyValues: {},
    floorMicros: 0,
    deals: null,
    formats,
    sizes,
  };
  return {
    request: { ...request, ...exchange },
    placement: placement(1),
    publisher: publisher(1),
    formats,
    sizes,
    floorMicros: 0,
    deals: [],
  };
}

describe('What a bidder is asked to bring', () => {
  test('is what the slot takes and its line item has a creative for', () => {
    const taken = slot(['banner', 'video', 'native'], undefined, ['300x250']);
    expect(askedFormats(taken, new Set(['banner']))).toEqual({ banner: true, video: null, audio: null, native: null });
    expect(askedFormats(taken, every)).toMatchObject({ banner: true, video: { linearity: 1 }, audio: null });
    expect(askedFormats(slot(['banner']), every)).toBeNull();
    expect(askedFormats(slot(['audio']), new Set(['banner', 'video']))).toBeNull();
  });

  test('of a player is what the exchange allows, less what cannot be read', () => {
    const video = {
      mimes: ['video/mp4', 7, 'no type'],
      protocols: [1, 3, 6, 9],
      api: [1, 2, 7],
      minduration: 5,
      maxduration: 20,
      w: 640,
      h: 360,
      plcmt: 2,
      playbackmethod: [6, 'x'],
      ext: { secret: 1 },
    };
    expect(askedFormats(slot(['video'], { video }), every)?.video).toEqual({
      mimes: ['video/mp4'],
      protocols: [3, 6],
      api: [7],
      minduration: 5,
      maxduration: 20,
      w: 640,
      h: 360,
      plcmt: 2,
      playbackmethod: [6],
      linearity: 1,
    });
    expect(askedFormats(slot(['video'], { video: { protocols: [1, 9] } }), every)).toBeNull();
    expect(askedFormats(slot(['video'], { video: { linearity: 2 } }), every)).toBeNull();
    expect(askedFormats(slot(['audio'], { audio: { poddur: 12 } }), every)?.audio).toMatchObject({ maxduration: 12 });
  });

  test('of a native ad is the request of the exchange, without films; of a slot of our own what is usual', () => {
    const native = {
      assets: [
        { id: 7, required: 1, title: { len: 25, ext: {} } },
        { id: 8, video: { mimes: ['video/mp4'] } },
      ],
    };
    expect(askedFormats(slot(['native'], { native }), every)?.native).toMatchObject({
      ver: '1.2',
      assets: [{ id: 7, required: 1, title: { len: 25 } }],
    });
    const film = { assets: [{ id: 8, required: 1, video: {} }] };
    expect(askedFormats(slot(['native'], { native: film }), every)).toBeNull();
    expect(askedFormats(slot(['native'], {}), every)).toBeNull();
    expect(askedFormats(slot(['native']), every)?.native).toMatchObject({ ver: '1.2' });
  });
});
