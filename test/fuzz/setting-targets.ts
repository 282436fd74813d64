import { ok } from 'node:assert/strict';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { parseRedisUrl } from '../../adapters/redis/redis-url.ts';
import { ledgerOptions, readLedgerQuestion } from '../../apps/ledger-verbs.ts';
import { deriveLimits } from '../../config/limits.ts';
import { readSettings, settingRows } from '../../config/settings.ts';
import { parseKeys } from '../../dashboards/auth.ts';
import { isAdtallyError } from '../../domain/errors.ts';
import { mutatedBytes, oddTexts } from './mutations.ts';
import { fuzzTarget, type Seen } from './target.ts';

/** Stands in every password and key of the examples: no error may repeat it, nor a good part of it. */
const secret = 'Zq7SecretZq7';

const examples: Readonly<Record<string, readonly string[]>> = {
  LOG_URL: ['kafka://a:9092,b:9093/prefix?replication=3&ssl=true&sasl=plain', `kafka://user:${secret}@a:9092`],
  SCHEMA_REGISTRY_URL: [`https://user:${secret}@registry:8081/api`],
  LEDGER_URL: [`esdb://admin:${secret}@es1:2113,es2?tls=true`, `esdb+discover://u:${secret}@es:2113?tlsCAFile=/a`],
  VIEWS_URL: [`redis://user:${secret}@redis:6379/1`, 'redis-cluster://a:1,b:2'],
  KEYS_URL: [`rediss://:${secret}@[::1]:6379`],
  WAREHOUSE_URL: [`https://user:${secret}@clickhouse:8443/adtally`],
  WAREHOUSE_ANALYST_URL: [`http://analyst:${secret}@clickhouse:8123/adtally`],
  WAREHOUSE_KEEP: ['selected=400d,engagement=90d'],
  TRUSTED_PROXIES: ['10.0.0.0/8, 2001:db8::/32,192.0.2.1'],
  BLOCKED_NETWORKS: ['198.51.100.0/24'],
  PUBLIC_URL: ['https://ads.example/path'],
  ADTALLY_KEYS: [`admin=${secret},finance:adv_1=${secret}2`],
  LOG_SASL_PASSWORD: [secret],
  HOLD_MS: ['1h', '3600000'],
};
const rows = settingRows();
const networks = ['TRUSTED_PROXIES', 'BLOCKED_NETWORKS'];
const networkForm = /^[0-9a-fA-F:.]+(%[^/]*)?(\/(0|[1-9][0-9]{0,2}))?$/;

/** Any variable with a changed value of its own kind, or another's. */
const environment: fc.Arbitrary<Record<string, string>> = fc
  .array(
    fc.constantFrom(...rows).chain(({ variable, fallback }) => {
      const texts = [...(examples[variable] ?? []), fallback].map((text) => ({ bytes: Buffer.from(text) }));
      const text = fc.oneof(
        { weight: 4, arbitrary: mutatedBytes(texts).map(({ bytes }) => bytes.toString('utf8')) },
        {
          weight: 1,
          arbitrary: fc.constantFrom(
            ...Object.values(examples)
              .flat()
              .filter((one) => one !== secret),
          ),
        },
        { weight: 1, arbitrary: fc.constantFrom(...oddTexts) },
      );
      return fc.tuple(fc.constant(variable), text);
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((pairs) => Object.fromEntries(pairs));

/** The setting's or address's own error, with nothing of a secret in it. */
function refusal(error: unknown): string {
  ok(
    isAdtallyError(error, 'BAD_SETTING'),
    `not a setting's error: ${error instanceof Error ? error.stack : String(error)}`,
  );
  ok(!holdsSecret(error.message), `the error shows a secret: ${error.message}`);
  return error.message;
}

function holdsSecret(text: string): boolean {
  for (let start = 0; start + 8 <= secret.length; start += 1)
    if (text.includes(secret.slice(start, start + 8))) return true;
  return false;
}

function readAll(env: Record<string, string>, seen: Seen): void {
  try {
    const settings = readSettings(env);
    deriveLimits(settings);
    seen('read');
    for (const network of networks.flatMap((name) => (env[name] ?? '').split(','))) {
      if (network.trim() !== '') ok(networkForm.test(network.trim()), `taken as a network: ${JSON.stringify(network)}`);
    }
    for (const url of [settings.viewsUrl, settings.keysUrl]) if (url !== 'embedded') parseRedisUrl('VIEWS_URL', url);
    parseKeys(settings.keys);
  } catch (error) {
    if (!isAdtallyError(error)) throw error;
    refusal(error);
    seen('refused');
  }
}

const settings = fuzzTarget({
  name: 'settings',
  about:
    'Environments with changed values: read, or a BAD_SETTING that names the variable and shows nothing of a password or key; a network is one.',
  shortRuns: 3_000,
  open: () => ({ inputs: environment, holds: (env, seen) => readAll(env, seen) }),
});

const words = [
  'balances',
  'entries',
  'statement',
  'explain',
  '--truth',
  'final',
  'tentative',
  '--advertiser',
  'adv_1',
  '--campaign=cmp_1',
  '--account',
  'rounding',
  '--limit',
  '10',
  '--as-of',
  '2026-11-22T08:00:00Z',
  '--as-of-position',
  '0:1,1:2',
  '--service-period',
  '2026-11',
  '--kind=draw',
  '--selection',
  '01900000-0000-7000-8000-000000000001',
  '--json',
  '--csv',
  '--rebuild',
  '--',
  '-x',
  '--unknown',
  '__proto__',
];
const argument = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...words) },
  {
    weight: 2,
    arbitrary: mutatedBytes(words.map((word) => ({ bytes: Buffer.from(word) }))).map(({ bytes }) => bytes.toString()),
  },
  { weight: 1, arbitrary: fc.constantFrom(...oddTexts.map((text) => text.replaceAll('\u0000', ''))) },
);

const ledgerArguments = fuzzTarget({
  name: 'ledger-arguments',
  about:
    'Arguments of `adtally ledger`: a question, a VALIDATION_FAILED that quotes what is wrong on one line, or the complaint of the reader of options.',
  shortRuns: 3_000,
  open: () => ({
    inputs: fc.array(argument, { maxLength: 8 }),
    holds: (args, seen) => {
      try {
        const { values, positionals } = parseArgs({ args, options: ledgerOptions, allowPositionals: true });
        const [verb = '', ...names] = positionals;
        readLedgerQuestion(verb, names, values);
        seen('a question');
      } catch (error) {
        if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
          return seen(String(error.code));
        }
        ok(
          isAdtallyError(error, 'VALIDATION_FAILED'),
          `not the user's error: ${error instanceof Error ? error.stack : String(error)}`,
        );
        ok(
          Array.from(error.message).every((character) => character >= ' '),
          `it would write control characters: ${JSON.stringify(error.message)}`,
        );
        seen(error.code);
      }
    },
  }),
});

export const settingTargets = [settings, ledgerArguments];
