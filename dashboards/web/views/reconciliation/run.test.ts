import { expect, it } from 'vitest';
import { hops, hourOfSelection, lostBetween, shareDone, standsIn } from './run.ts';

const hopOf = (name: string) => hops.find((one) => one.name === name) ?? hops[0];

it('a selection is of the hour that its id begins with', () => {
  expect(hourOfSelection('01a203f9-89bd-7e70-b444-b206254f8645')).toBe(
    new Date(0x01a203f989bd).toISOString().slice(0, 13) + ':00:00.000Z',
  );
  expect(hourOfSelection('')).toBe('');
});

it('what is lost from one truth to the next keeps its sign', () => {
  const side = {
    campaign_id: 'cmp_1',
    currency: 'EUR',
    hour: '',
    billable_micros: '5',
    tentative_incurred_micros: '7',
  };
  expect(lostBetween(side, hopOf('tentative'))).toBe(-2n);
});

it('a cause stands in the step between its truths, and in no other', () => {
  const cause = { from: 'spend', to: 'tentative' };
  expect(hops.filter((hop) => standsIn(cause, hop)).map(({ name }) => name)).toEqual(['tentative']);
  expect(hops.some((hop) => standsIn({ from: 'tentative', to: 'tentative' }, hop))).toBe(false);
});

it('a sentence of progress says how far it is only where it says so', () => {
  expect(shareDone('recounting selection 500 of 2000 in shard 1')).toBe(0.25);
  expect(shareDone('reading ledger final-0')).toBeNull();
});
