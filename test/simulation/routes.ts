import { AsyncLocalStorage } from 'node:async_hooks';
import { type FastifyInstance, fastify, type InjectOptions } from 'fastify';
import type { Arrival, BeaconDesk, BeaconResult } from '../../serving/beacons.ts';
import { ClientReader } from '../../serving/client.ts';
import { asAdtallyError, sendProblem } from '../../serving/problem.ts';
import { registerBeacons } from '../../serving/routes/beacons.ts';
import { type FindCreative, registerClick } from '../../serving/routes/click.ts';
import type { Sent } from './people.ts';

/** A node that a request has reached, and what its desk said. */
interface Asked {
  readonly beacons: BeaconDesk;
  readonly findCreative: FindCreative;
  result: BeaconResult | null;
}

/** As in production; a token is longer than what fastify takes by default. */
const maxParamLength = 16 * 1024;

const asked = new AsyncLocalStorage<Asked>();

function here(): Asked {
  const one = asked.getStore();
  if (one === undefined) throw new Error('no node is asked');
  return one;
}

/** The routes of beacons and clicks, once for all nodes: each request finds the desk of the node that it was sent to. */
let routes: Promise<FastifyInstance> | null = null;

export function openRoutes(): Promise<FastifyInstance> {
  routes ??= buildRoutes();
  return routes;
}

async function buildRoutes(): Promise<FastifyInstance> {
  const app = fastify({ routerOptions: { maxParamLength } });
  app.setErrorHandler((error: Error, _, reply) => sendProblem(reply, asAdtallyError(error)));
  const desk = {
    take: async (arrival: Arrival) => {
      const one = here();
      one.result = await one.beacons.take(arrival);
      return one.result;
    },
    inspect: (event: string, token: string) => here().beacons.inspect(event, token),
  } as unknown as BeaconDesk;
  const clients = new ClientReader();
  registerBeacons(app, desk, clients);
  registerClick(app, { desk, clients, findCreative: (id) => here().findCreative(id) });
  await app.ready();
  return app;
}

/**
 * Sends a beacon, or opens the link of a click, over HTTP. What the client learns is the status alone; an answer that promises what the desk did not say is a
 * problem, in words. Null: no answer that says either.
 */
export async function sendOverHttp(
  node: Omit<Asked, 'result'>,
  { token, kind }: Sent,
  sender: { readonly address: string; readonly userAgent: string },
): Promise<{ readonly result: BeaconResult | null; readonly problem: string | null }> {
  const app = await openRoutes();
  const one: Asked = { ...node, result: null };
  const headers = { 'user-agent': sender.userAgent };
  const request: InjectOptions =
    kind === 'click'
      ? { method: 'GET', url: `/v1/click/${token}` }
      : { method: 'POST', url: '/v1/beacons', payload: { beacons: [{ event: kind, token }] } };
  // It is sent when it is awaited: in here.
  const { statusCode, body } = await asked.run(
    one,
    async () => await app.inject({ ...request, headers, remoteAddress: sender.address }),
  );
  // It could not be stored; the client tries again.
  if (statusCode === 503 || body.includes('"DISK_SYNC_FAILED"')) return { result: null, problem: null };
  if (![202, 302, 404].includes(statusCode))
    return { result: null, problem: `${kind} is answered with ${statusCode} ${body}` };
  const isTaken =
    statusCode === 302 || (statusCode === 202 && (JSON.parse(body) as { accepted: number }).accepted === 1);
  const says = `${kind} is answered with ${statusCode}, the desk ${one.result?.taken === true ? 'took' : 'did not take'} it`;
  return { result: one.result, problem: isTaken === (one.result?.taken === true) ? null : says };
}
