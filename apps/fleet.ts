import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { createSystemHttp } from '../adapters/system/http.ts';
import type { MetricsTarget } from '../config/settings.ts';
import { AdtallyError } from '../domain/errors.ts';
import { FleetWatch } from '../dashboards/operations/fleet-watch.ts';
import type { Clock } from '../ports/clock.ts';

export interface FleetParts {
  readonly clock: Clock;
  /** Processes of the settings. */
  readonly targets: readonly MetricsTarget[];
  /** Metrics of this process. */
  readonly own: () => Promise<string>;
  readonly onFailure: (error: unknown) => void;
}

const answerWithinMs = 2_000;
const maxResponseBytes = 8 * 1024 * 1024;

/** Watches the processes that the settings name; it asks them and nobody else. */
export function openFleet({ clock, targets, own, onFailure }: FleetParts): FleetWatch {
  const http = createSystemHttp({ connections: 4, maxResponseBytes });
  const ask = async (url: string) => {
    const { status, body } = await http.send({ method: 'GET', url, timeoutMs: answerWithinMs });
    return { status, text: new TextDecoder().decode(body) };
  };
  return new FleetWatch({
    clock,
    ask,
    own,
    onFailure,
    targets: async () => (await Promise.all(targets.map(all))).flat(),
  });
}

/**
 * Gives a beacon to a serving process that answers. `code`: why it is not believed; null: it is recorded. It comes from no browser: it has no user agent.
 * Errors: `NOT_READY` if none answers, `HTTP_TIMEOUT`, `HTTP_FAILED`.
 */
export async function sendBeacon(
  fleet: FleetWatch,
  beacon: { readonly event: string; readonly token: string },
): Promise<{ readonly code: string | null }> {
  const serving = fleet.processes().find(({ kind, isUp }) => kind === 'serve' && isUp);
  if (serving === undefined)
    throw new AdtallyError('NOT_READY', 'no serving process answers that could take the beacon');
  const http = createSystemHttp({ connections: 1, maxResponseBytes });
  try {
    const headers = { 'content-type': 'application/json' };
    const url = `${serving.url}/v1/beacons`;
    const body = JSON.stringify({ beacons: [beacon] });
    const answer = await http.send({ method: 'POST', url, headers, body, timeoutMs: 5 * answerWithinMs });
    if (answer.status !== 202) throw new AdtallyError('HTTP_FAILED', `${serving.name} answered ${answer.status}`);
    const { rejected } = JSON.parse(new TextDecoder().decode(answer.body)) as {
      readonly rejected: readonly { readonly code: string }[];
    };
    return { code: rejected[0]?.code ?? null };
  } finally {
    await http.close();
  }
}

/** A name may stand for several containers of one service: each is a process of its own. */
async function all(target: MetricsTarget): Promise<readonly MetricsTarget[]> {
  const url = new URL(target.url);
  if (url.protocol !== 'http:' || isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0) return [target];
  const addresses = await addressesOf(url.hostname);
  const [first, ...others] = addresses;
  if (first === undefined || others.length === 0) return [target];
  return addresses.map((address, index) => ({
    ...target,
    name: `${target.name}-${index + 1}`,
    url: `http://${address.includes(':') ? `[${address}]` : address}:${url.port || 80}`,
  }));
}

/** None for a name that is not known at the moment: asking it will say so. */
async function addressesOf(host: string): Promise<readonly string[]> {
  try {
    const found = await lookup(host, { all: true, family: 4 });
    return found.map(({ address }) => address).toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === 'getaddrinfo') return [];
    throw error;
  }
}
