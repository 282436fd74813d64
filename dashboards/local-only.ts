import type { FastifyRequest } from 'fastify';
import { AdtallyError } from '../domain/errors.ts';

const loopbackAddress = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|::ffff:127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/;
const loopbackHost = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[::1\])(:\d{1,5})?$/i;
/** What a proxy adds: behind one, everybody would come from this machine. */
const proxyHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'] as const;

/**
 * Lets through only what a browser on this machine asks for from a page of our own. The address alone is not enough: another site's page runs on this
 * machine as well, and can give its own name this machine's address (DNS rebinding), which the Host header shows. Error: `FORBIDDEN`.
 */
export function requireLocal({ headers, socket }: Pick<FastifyRequest, 'headers' | 'socket'>): void {
  const { host = '', origin } = headers;
  if (!loopbackAddress.test(socket.remoteAddress ?? '')) throw refused('asks from another machine');
  if (!loopbackHost.test(host)) throw refused('names another host than this machine');
  if (proxyHeaders.some((name) => headers[name] !== undefined)) throw refused('came through a proxy');
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw refused('comes from another site');
  if (origin !== undefined && origin !== `http://${host}`) throw refused('comes from another site');
}

function refused(why: string): AdtallyError {
  return new AdtallyError('FORBIDDEN', `the playground is for a browser on this machine alone; this request ${why}`);
}
