import { GppModel } from '@iabgpp/cmpapi';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ConsentSignals, ConsentGate } from './consent.ts';
import { readGppSections } from './gpp.ts';

const none: ConsentSignals = { tcf: null, gpp: null, gdpr: null, coppa: false };
const gate = new ConsentGate();
const verdictOf = (gpp: string, more: Partial<ConsentSignals> = {}) => gate.judge({ ...none, gpp, ...more });

/** Sections and their fields as a consent platform writes them, by the IAB's own encoder. */
function written(sections: Readonly<Record<string, Readonly<Record<string, unknown>>>>): string {
  const model = new GppModel();
  for (const [section, fields] of Object.entries(sections)) {
    for (const [name, value] of Object.entries(fields)) model.setFieldValue(section, name, value);
  }
  return model.encode();
}

const kept = { SaleOptOut: 2, SaleOptOutNotice: 1, MspaCoveredTransaction: 2 };
const states = 'usca usva usco usut usct usfl usmt usor ustx usde usia usne usnh usnj ustn usmn'.split(' ');

describe('a GPP string', () => {
  test('says which sections it has, as numbers and as ranges of them', () => {
    const gpp = written({ usnat: kept, usca: kept, usva: kept, ustx: kept });
    expect([...(readGppSections(gpp) ?? []).keys()]).toEqual(new GppModel(gpp).getSectionIds());
    // Of the specification: Canada and US privacy; Europe and US privacy.
    expect([...(readGppSections('DBABjw~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA~1YNN')?.keys() ?? [])]).toEqual([
      5, 6,
    ]);
    expect([...(readGppSections('DBACNYA~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA~1YNN')?.keys() ?? [])]).toEqual([
      2, 6,
    ]);
  });

  test.each(states)('of %s lets a person be recognised who did not opt out, and none who did', (state) => {
    expect(verdictOf(written({ [state]: kept }))).toEqual({ consent: 'personal', reason: 'gpp_ok' });
    expect(verdictOf(written({ [state]: { ...kept, SaleOptOut: 1 } }))).toEqual({
      consent: 'contextual',
      reason: 'gpp_opt_out',
    });
  });

  test.each([
    ['SaleOptOut', 1],
    ['SharingOptOut', 1],
    ['TargetedAdvertisingOptOut', 1],
    ['SaleOptOutNotice', 2],
    ['SharingOptOutNotice', 2],
    ['TargetedAdvertisingOptOutNotice', 2],
    ['KnownChildSensitiveDataConsents', [0, 2, 0]],
    ['PersonalDataConsents', 1],
    ['MspaServiceProviderMode', 1],
    ['Gpc', true],
  ])('of all the states keeps personal data out where %s is %j', (field, value) => {
    expect(verdictOf(written({ usnat: kept }))).toEqual({ consent: 'personal', reason: 'gpp_ok' });
    const gpp = written({ usnat: { ...kept, ...(field === 'Gpc' && { GpcSegmentIncluded: true }), [field]: value } });
    expect(verdictOf(gpp)).toEqual({ consent: 'contextual', reason: 'gpp_opt_out' });
  });

  test('is judged by those sections that apply, by all if none is named', () => {
    const gpp = written({ usnat: kept, usca: { ...kept, SaleOptOut: 1 } });
    expect(verdictOf(gpp).reason).toBe('gpp_opt_out');
    expect(verdictOf(gpp, { gppSections: [7] }).reason).toBe('gpp_ok');
    expect(verdictOf(gpp, { gppSections: [8] }).reason).toBe('gpp_opt_out');
    expect(verdictOf(gpp, { gppSections: [7, 9] }).reason).toBe('gpp_malformed');
    // None applies: it says nothing.
    expect(verdictOf(gpp, { gppSections: [-1] }).reason).toBe('no_signal');
  });

  test('of the United States is no consent where GDPR applies', () => {
    const gpp = written({ usnat: kept });
    expect(verdictOf(gpp, { gdpr: true })).toEqual({ consent: 'contextual', reason: 'no_signal' });
    expect(verdictOf(gpp, { gdpr: false })).toEqual({ consent: 'personal', reason: 'not_in_scope' });
    const optedOut = written({ usnat: { ...kept, SaleOptOut: 1 } });
    expect(verdictOf(optedOut, { gdpr: false }).reason).toBe('gpp_opt_out');
  });

  test('of Europe is read as the TCF string that it holds', () => {
    const consenting = 'CPXxRfAPXxRfAAfKABENB-CgAP_AAH_AAAqIAAAAAAAA';
    const direct = gate.judge({ ...none, tcf: consenting });
    expect(verdictOf(`DBABMA~${consenting}`)).toEqual(direct);
    expect(verdictOf('DBABMA~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA', { gdpr: true })).toEqual({
      consent: 'contextual',
      reason: 'purpose_missing',
    });
  });

  test.each([
    ['DBABTA~1YYN', 'us_privacy'],
    ['DBABTA~1YNN', 'gpp_ok'],
    // Canada, and a section of the future.
    ['DBABjw~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA~1YNN', 'gpp_unread'],
  ])('%s: %s', (gpp, reason) => {
    expect(verdictOf(gpp).reason).toBe(reason);
  });

  test.each([
    '',
    '~',
    'DBABMA',
    'DBABMA~a~b',
    'CBABMA~x',
    'DBABLA~',
    'DBABLA~B',
    'DBABLA~BVVV',
    'DBABLA~!!',
    `D${'B'.repeat(63)}~x`,
    `DB${'_'.repeat(60)}~`,
  ])('that cannot be read is an opt-out: %j', (gpp) => {
    expect(verdictOf(gpp).consent).toBe('contextual');
  });

  test('is answered at once, whatever it is made of', () => {
    const character = fc.constantFrom(
      ...Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~.'),
    );
    const text = fc.array(character, { maxLength: 4096 }).map((characters) => `DB${characters.join('')}`);
    const startedAt = performance.now();
    fc.assert(
      fc.property(text, fc.array(fc.integer({ min: -1, max: 70 }), { maxLength: 4 }), (gpp, gppSections) => {
        expect(verdictOf(gpp, { gppSections }).reason).toMatch(/^[a-z_]+$/);
      }),
      { numRuns: 500 },
    );
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  test('cut off anywhere in its section never says more than the whole', () => {
    const gpp = written({ usnat: { ...kept, SaleOptOut: 1 } });
    for (let length = 0; length < gpp.length; length += 1) {
      expect(verdictOf(gpp.slice(0, length)).consent).toBe('contextual');
    }
  });
});
