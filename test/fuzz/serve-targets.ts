import { ok, strictEqual } from 'node:assert/strict';
import { join } from 'node:path';
import fc from 'fast-check';
import { openEmbeddedEventLog } from '../../adapters/embedded/event-log.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { entityFacts } from '../../domain/catalog.ts';
import type { RecordOf } from '../../domain/records.ts';
import { inventory, supply } from '../decision-world.ts';
import { freePort, startServe } from '../serve-process.ts';
import { makeTemporaryFolder } from '../temporary-folder.ts';
import { topicShards } from '../topic-shards.ts';
import { registry } from './golden-records.ts';
import { mutatedBodies } from './mutations.ts';
import { bidRequests, decisionBodies } from './public-targets.ts';
import { checkAnswer } from './public-world.ts';
import { fuzzTarget } from './target.ts';

/** Starts a serving process on a data directory of its own, with a catalogue in its log. */
async function startOnCatalogue() {
  const folder = makeTemporaryFolder();
  const clock = createSystemClock();
  const log = await openEmbeddedEventLog({ folder: join(folder.path, 'log'), shards: topicShards(4), clock });
  const records = [...inventory(1), ...supply(1)] as RecordOf<'catalog'>[];
  await log.append(
    'catalog',
    records.map((one) => ({
      shard: 0,
      key: entityFacts(one).id,
      value: registry.encode(one.name, one.value as never),
    })),
  );
  const serve = await startServe({ dataDir: folder.path, port: await freePort() });
  const close = async () => {
    await serve.kill('SIGKILL');
    await log.close();
    folder.remove();
  };
  return { serve, close };
}

const serveProcess = fuzzTarget({
  name: 'serve-process',
  about:
    'Changed bodies over sockets to a serving process of its own, with all that answers before the router: a defined answer, nothing on its standard error, alive afterwards.',
  shortRuns: 300,
  open: async () => {
    const { serve, close } = await startOnCatalogue();
    const route = (path: string, originals: readonly unknown[]) =>
      mutatedBodies(originals).map((body) => ({ path, body }));
    return {
      inputs: fc.oneof(
        { weight: 2, arbitrary: route('/v1/decisions', decisionBodies) },
        { weight: 1, arbitrary: route('/openrtb2/auction', bidRequests()) },
        {
          weight: 1,
          arbitrary: route('/v1/beacons', [{ beacons: [{ event: 'impression', token: 'AQ', sequence: 1 }] }]),
        },
      ),
      holds: async ({ path, body }, seen) => {
        const headers = { 'content-type': 'application/json', 'user-agent': 'Mozilla/5.0 Chrome/130.0' };
        const answer = await fetch(serve.url + path, { method: 'POST', headers, body: new Uint8Array(body) });
        const [status, type, text] = [answer.status, answer.headers.get('content-type') ?? '', await answer.text()];
        // An exchange is told in its own words what it did wrong.
        if (path === '/v1/decisions' || path === '/v1/beacons') seen(checkAnswer({ status, type, text }));
        else {
          ok(status < 500, `${status}: ${text.slice(0, 300)}`);
          seen(`auction ${status}`);
        }
        ok(!/\n\s+at |node_modules/.test(text), `shows the inside: ${text.slice(0, 300)}`);
        strictEqual(serve.errors(), '');
      },
      close,
    };
  },
});

export const serveTargets = [serveProcess];
