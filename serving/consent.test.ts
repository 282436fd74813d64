import { GVL, TCModel, TCString } from '@iabtechlabtcf/core';
import { describe, expect, test } from 'vitest';
import { type ConsentSignals, ConsentGate } from './consent.ts';

const none: ConsentSignals = { tcf: null, gpp: null, gdpr: null, coppa: false };
const gate = new ConsentGate();

/** A vendor list as small as the encoder takes it. */
const vendorList = new GVL({
  gvlSpecificationVersion: 3,
  vendorListVersion: 1,
  tcfPolicyVersion: 5,
  lastUpdated: '2026-01-01T00:00:00Z',
  purposes: {},
  specialPurposes: {},
  features: {},
  specialFeatures: {},
  stacks: {},
  dataCategories: {},
  vendors: {},
} as unknown as ConstructorParameters<typeof GVL>[0] & object);

function tcf(purposes: readonly number[]): string {
  const model = new TCModel(vendorList);
  model.cmpId = 300;
  model.cmpVersion = 1;
  model.consentScreen = 1;
  model.consentLanguage = 'EN';
  model.purposeConsents.set([...purposes]);
  return TCString.encode(model);
}

describe('consent', () => {
  test('to store, to profile and to select by profile makes a request personal', () => {
    expect(gate.judge({ ...none, gdpr: true, tcf: tcf([1, 2, 3, 4]) })).toEqual({
      consent: 'personal',
      reason: 'tcf_ok',
    });
  });

  test.each([[[3, 4]], [[1, 4]], [[1, 3]], [[]]])('to purposes %j alone is not enough', (purposes) => {
    const verdict = gate.judge({ ...none, gdpr: true, tcf: tcf(purposes) });
    expect(verdict).toEqual({ consent: 'contextual', reason: 'purpose_missing' });
  });

  test('is not asked for where GDPR does not apply', () => {
    expect(gate.judge({ ...none, gdpr: false })).toEqual({ consent: 'personal', reason: 'not_in_scope' });
  });

  test('is missing where nothing is said', () => {
    expect(gate.judge(none)).toEqual({ consent: 'contextual', reason: 'no_signal' });
    expect(gate.judge({ ...none, gdpr: true })).toEqual({ consent: 'contextual', reason: 'no_signal' });
  });

  test.each(['x', 'BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA', '!!!!', 'C'.repeat(5000), 'CPXxRfAPXxRfAAfKAB'])(
    'in a string that cannot be read is none: %s',
    (text) => {
      const verdict = gate.judge({ ...none, tcf: text });
      expect(verdict.consent).toBe('contextual');
    },
  );

  test('of a child is none', () => {
    expect(gate.judge({ ...none, gdpr: false, coppa: true })).toEqual({ consent: 'contextual', reason: 'coppa' });
  });

  test.each([
    ['1YYN', 'contextual'],
    ['1NYN', 'contextual'],
    ['2YNN', 'contextual'],
    ['1Y', 'contextual'],
    ['1YNN', 'personal'],
    ['1NNN', 'personal'],
    ['1---', 'personal'],
  ])('is taken back by an opt-out of US privacy, or a text that is none: %s is %s', (usPrivacy, consent) => {
    expect(gate.judge({ ...none, gdpr: false, usPrivacy }).consent).toBe(consent);
  });

  test('is none where the device asks not to be tracked', () => {
    const verdict = gate.judge({ ...none, gdpr: false, limited: true });
    expect(verdict).toEqual({ consent: 'contextual', reason: 'limited' });
  });

  test('is judged the same the second time', () => {
    const signals = { ...none, tcf: tcf([1, 3, 4]) };
    expect(gate.judge(signals)).toEqual(gate.judge(signals));
  });
});
