import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';

const house = join(import.meta.dirname, '../..');
const folders = [
  'adapters',
  'apps',
  'config',
  'dashboards',
  'domain',
  'ledger',
  'ports',
  'reconcile',
  'serving',
  'streams',
];

/** What opens a connection to somewhere, and the files that may: each goes to an address of the settings or to this machine, none to one of the catalogue or of a request. */
const openers = /\bfetch\(|from 'undici'|node:https?'|node:net'|node:tls'|node:dgram'|createSystemHttp\(/;
const allowed: Readonly<Record<string, string>> = {
  'adapters/system/http.ts': 'the Http port',
  'apps/engines.ts': 'gives the Http port to the schema registry of SCHEMA_REGISTRY_URL',
  'apps/container-health.ts': 'this process',
  'adapters/kafka/protocol.ts': 'the brokers of LOG_URL',
};
/** Imports of types, servers that only listen, and calls of other things by that name. */
const harmless = /import type|import \{ createServer\b.*node:net|broker\.fetch\(|#fetch\(|^ {2}fetch\(request/;

function sources(folder: string): string[] {
  return readdirSync(join(house, folder), { recursive: true, encoding: 'utf8' })
    .filter(
      (name) =>
        name.endsWith('.ts') && !name.includes('.test.') && !name.includes('.contract.') && !name.startsWith('browser'),
    )
    .map((name) => join(house, folder, name));
}

it('Nothing of the platform asks for a URL that an advertiser, a publisher or a request names: whoever adds an outgoing request says here where it may go', () => {
  const found = folders.flatMap(sources).flatMap((file) => {
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.some((line) => openers.test(line) && !harmless.test(line)) ? [relative(house, file)] : [];
  });
  expect(found.filter((file) => allowed[file] === undefined)).toEqual([]);
});
