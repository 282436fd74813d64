import { expect, test } from 'vitest';
import { parseKeys, roles } from '../dashboards/auth.ts';
import { mayDebug } from './debug-keys.ts';

const keyOf = (name: string) => `the-key-of-${name}`;
const bound = roles.filter((role) => role !== 'admin').map((role) => `${role}:adv_1`);
const keys = parseKeys([...roles, ...bound].map((name) => `${name}=${keyOf(name)}`).join(','));

test.each([
  ['admin', true],
  ['trafficker', true],
  ['analyst', true],
  ['auditor', true],
  ['finance', false],
])('a key of %s may debug: %s', (role, allowed) => {
  expect(mayDebug(keys, keyOf(role))).toBe(allowed);
});

test.each(bound)('a key of %s may not: it would see what others bid', (name) => {
  expect(mayDebug(keys, keyOf(name))).toBe(false);
});

test.each(['', 'x', 'admin', `admin=${keyOf('admin')}`, keyOf('admin').toUpperCase()])('%j is no key', (presented) => {
  expect(mayDebug(keys, presented)).toBe(false);
});
