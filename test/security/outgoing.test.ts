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

/** What opens a connection to somewhere, and the files that may: each goes to an address of the settings or to this machine, or, to bidders, over the connector that judges every address. */
const openers = /\bfetch\(|from 'undici'|node:https?'|node:net'|node:tls'|node:dgram'|createSystemHttp\(/;
const allowed: Readonly<Record<string, string>> = {
  'adapters/system/http.ts': 'the Http port',
  'apps/engines.ts': 'gives the Http port to the schema registry of SCHEMA_REGISTRY_URL',
  'apps/tracing.ts': 'gives the Http port to the collector of TRACE_ENDPOINT',
  'apps/container-health.ts': 'this process',
  'apps/fleet.ts': 'the processes of METRICS_TARGETS, and the beacons of quarantine back to one of them',
  'apps/bidder-process.ts': 'the control side of simulated bidders that it started',
  'dashboards/web/session.ts': 'runs in a page, which may connect to its own console alone (content security policy)',
  'adapters/kafka/protocol.ts': 'the brokers of LOG_URL',
  'adapters/http/bidders/guarded-connector.ts': 'judges every address before and after it is connected to',
  'adapters/http/bidders/connections.ts': 'endpoints of bidders, by the guarded connector',
  'adapters/http/bidders/exchange.ts': 'no connection of its own',
  'adapters/http/notices/notice-transport.ts': 'what bidders want to be told, by the guarded connector',
};
/** Imports of types, servers that only listen, and calls of other things by that name. */
const harmless =
  /import type|import \{ isIP \}|import \{ createServer\b.*node:net|broker\.fetch\(|#fetch\(|^ {2}fetch\(request/;

function sources(folder: string): string[] {
  return readdirSync(join(house, folder), { recursive: true, encoding: 'utf8' })
    .filter(
      (name) =>
        name.endsWith('.ts') && !name.includes('.test.') && !name.includes('.contract.') && !name.startsWith('browser'),
    )
    .map((name) => join(house, folder, name));
}

it('Nothing of the platform asks for a URL that an advertiser, a publisher, a bidder or a request names, but by the guarded connector: whoever adds an outgoing request says here where it may go', () => {
  const found = folders.flatMap(sources).flatMap((file) => {
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.some((line) => openers.test(line) && !harmless.test(line)) ? [relative(house, file)] : [];
  });
  expect(found.filter((file) => allowed[file] === undefined)).toEqual([]);
});
