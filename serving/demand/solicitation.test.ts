import { expect, it } from 'vitest';
import { bidder } from '../../test/decision-world.ts';
import { CurrencyRates } from '../openrtb/currency-rates.ts';
import { BidderHealth } from './bidder-health.ts';
import { Solicitation } from './solicitation.ts';

it('an answer that is seen before the timer that would have cut it is late all the same', () => {
  const question = { bidder: bidder(1), requestId: 'r', places: [], rates: new CurrencyRates(60_000, () => 0) };
  const asked = () => new Solicitation({ question, health: new BidderHealth(), askedUs: 0, timeoutUs: 20_000 });
  expect(asked().take({ outcome: 'no_bid', latencyUs: 20_000 })).toBe('no_bid');
  expect(asked().take({ outcome: 'no_bid', latencyUs: 20_001 })).toBe('late');
  const late = asked();
  expect(late.take({ outcome: 'answered', body: Buffer.from('{"id":"r"}'), latencyUs: 20_001 })).toBe('late');
  expect(late.answer).toBeNull();
});
