import { expect, it } from 'vitest';
import { describeRandomContract } from '../../ports/random.contract.ts';
import { createSystemRandom } from './random.ts';

describeRandomContract('the system', createSystemRandom);

it('System randomness differs from one instance to the next', () => {
  expect(createSystemRandom().bytes(16)).not.toEqual(createSystemRandom().bytes(16));
});
