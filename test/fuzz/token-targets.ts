import { ok, strictEqual } from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { isAdtallyError } from '../../domain/errors.ts';
import type { Billing } from '../../domain/records.ts';
import { signToken, type TokenKey, verifyToken } from '../../domain/token.ts';
import { ConsentGate } from '../../serving/consent.ts';
import { sampleBilling, sampleToken } from '../serving-world.ts';
import { consentString } from './consent-strings.ts';
import { cpuMs } from './cpu-time.ts';
import { mutatedBytes } from './mutations.ts';
import { fuzzTarget } from './target.ts';

const now = Date.UTC(2026, 0, 1, 12, 1);
const keys = ['k1', 'k2'].map(
  (id, index): TokenKey => ({ id, secret: Buffer.alloc(32, index + 7), verifiesUntil: now + 86_400_000 }),
);
const known = new Map(keys.map((key) => [key.id, key]));
const [signing] = keys as [TokenKey];

const billings: readonly Billing[] = [
  sampleBilling(1),
  sampleBilling(2, { pricing_model: 'CPC', draw_lease: null, price_micros: 9e15, test: true }),
  sampleBilling(3, { node: 'twelve-chars', campaign_id: 'cmp_ABCDEFGHJKMN', sequence: Number.MAX_SAFE_INTEGER }),
];
const tokens = billings.flatMap((billing) =>
  keys.flatMap((key) => (['view', 'click'] as const).map((use) => sampleToken(billing, key, use))),
);

function verdict(token: string): string {
  try {
    verifyToken(token, known, now);
    return 'verified';
  } catch (error) {
    ok(isAdtallyError(error), `not one of our errors: ${String(error)}`);
    ok(error.code.startsWith('TOKEN_'), error.code);
    return error.code;
  }
}

/** Texts that a token can be made into: other alphabets, padding, spaces, case, pieces of two tokens. */
const retold: fc.Arbitrary<string> = fc
  .record({
    one: fc.constantFrom(...tokens),
    other: fc.constantFrom(...tokens),
    how: fc.nat(9),
    at: fc.nat(400),
  })
  .map(({ one, other, how, at }) => {
    const place = at % one.length;
    return [
      `${one}=`,
      `${one}\n`,
      one.replaceAll('-', '+').replaceAll('_', '/'),
      one.toLowerCase(),
      one.slice(0, place) + other.slice(place),
      `${one.slice(0, place)} ${one.slice(place)}`,
      one + other,
      encodeURIComponent(one).repeat(2),
      `${one.slice(0, place)}\u0000${one.slice(place)}`,
      `${one.slice(0, place)}é${one.slice(place + 1)}`,
    ][how] as string;
  });

const tokenTexts = fuzzTarget({
  name: 'token-texts',
  about:
    'Real tokens whose text or bytes were changed: none but a token that was issued verifies, and every refusal has a TOKEN_ code.',
  shortRuns: 5_000,
  open: () => ({
    inputs: fc.oneof(
      mutatedBytes(tokens.map((token) => ({ bytes: Buffer.from(token, 'base64url') }))).map(({ bytes }) =>
        bytes.toString('base64url'),
      ),
      mutatedBytes(tokens.map((token) => ({ bytes: Buffer.from(token) }))).map(({ bytes }) => bytes.toString('latin1')),
      retold,
    ),
    holds: (token, seen) => {
      const found = verdict(token);
      seen(found);
      if (found === 'verified') ok(tokens.includes(token), 'a token verifies that nobody issued');
    },
  }),
});

const signedNonsense = fuzzTarget({
  name: 'signed-tokens',
  about:
    'Changed bodies under a genuine signature (a stolen key, another version): TOKEN_MALFORMED, or claims that can be signed again to the same token.',
  shortRuns: 3_000,
  open: () => ({
    inputs: mutatedBytes(tokens.map((token) => ({ bytes: Buffer.from(token, 'base64url').subarray(0, -32) }))),
    holds: ({ bytes: body }, seen) => {
      const mac = createHmac('sha256', signing.secret).update(body).digest();
      const token = Buffer.concat([body, mac]).toString('base64url');
      const found = verdict(token);
      seen(found);
      if (found !== 'verified') return;
      const { billing, grants } = verifyToken(token, known, now);
      for (const [field, value] of Object.entries(billing)) {
        if (typeof value === 'number') ok(Number.isSafeInteger(value) && value >= 0, `${field} is ${value}`);
      }
      const again = verifyToken(signToken(billing, grants, signing), known, now);
      strictEqual(JSON.stringify(again.billing), JSON.stringify(billing));
    },
  }),
});

const consents = [
  consentString({ consents: [[1, 1_500]], interests: [[1, 900]], restrictions: [[[1, 20]]] }),
  consentString({ consents: Array.from({ length: 700 }, () => [1, 65_535] as const) }),
  consentString({ consents: [], restrictions: Array.from({ length: 60 }, () => [[1, 60_000]] as const) }),
  consentString({ consents: [[3, 9]], segments: `.IFukWSQg${'.I__-'.repeat(700)}` }),
];

const consentStrings = fuzzTarget({
  name: 'consent-strings',
  about: 'Changed TCF strings, also such as name millions of vendors: a verdict, soon.',
  shortRuns: 1_000,
  open: () => {
    const gate = new ConsentGate();
    return {
      inputs: fc.oneof(
        mutatedBytes(consents.map((text) => ({ bytes: Buffer.from(text) }))).map(({ bytes }) =>
          bytes.toString('latin1'),
        ),
        mutatedBytes(consents.map((text) => ({ bytes: Buffer.from(text, 'base64url') }))).map(({ bytes }) =>
          bytes.toString('base64url'),
        ),
      ),
      holds: (tcf, seen) => {
        const startedAt = cpuMs();
        const { reason } = gate.judge({ tcf, gpp: null, gdpr: true, coppa: false });
        ok(cpuMs() - startedAt < 500, 'it took too long');
        seen(reason);
      },
    };
  },
});

/** Of all sections of the United States, of several kinds, and a header whose numbers have no end. */
const gppTexts = [
  'DBABrw~CAAgAAAAAACA.QA~BAQAAACA.QA',
  `DBACNYA~${consents[0] ?? ''}~1YNN`,
  `DBABMA~${consents[1] ?? ''}`,
  `DB${'_'.repeat(60)}~CAAgAAAAAACA.QA`,
];

const gppStrings = fuzzTarget({
  name: 'gpp-strings',
  about: 'Changed GPP strings and lists of sections: a verdict, soon, and never a consent that no section gave.',
  shortRuns: 1_000,
  open: () => {
    const gate = new ConsentGate();
    return {
      inputs: fc.record({
        gpp: mutatedBytes(gppTexts.map((text) => ({ bytes: Buffer.from(text) }))).map(({ bytes }) =>
          bytes.toString('latin1'),
        ),
        gppSections: fc.array(fc.integer({ min: -1, max: 30 }), { maxLength: 4 }),
      }),
      holds: ({ gpp, gppSections }, seen) => {
        const startedAt = cpuMs();
        const { consent, reason } = gate.judge({ tcf: null, gpp, gppSections, gdpr: null, coppa: false });
        ok(cpuMs() - startedAt < 500, 'it took too long');
        strictEqual(consent === 'personal', reason === 'gpp_ok' || reason === 'tcf_ok');
        seen(reason);
      },
    };
  },
});

export const tokenTargets = [tokenTexts, signedNonsense, consentStrings, gppStrings];
