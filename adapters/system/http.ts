import { Agent, errors, request as send } from 'undici';
import { AdtallyError } from '../../domain/errors.ts';
import type { Http, HttpRequest, HttpResponse } from '../../ports/http.ts';

export interface SystemHttpOptions {
  /** Connections kept to one origin. */
  readonly connections?: number;
  /** A longer answer is cut off and fails. */
  readonly maxResponseBytes?: number;
}

/** Outgoing HTTP over kept-alive connections; redirects are not followed. */
export function createSystemHttp(options: SystemHttpOptions = {}): Http {
  const { connections = 64, maxResponseBytes = 4 * 1024 * 1024 } = options;
  const agent = new Agent({ connections, maxResponseSize: maxResponseBytes, headersTimeout: 0, bodyTimeout: 0 });
  return {
    send: (request) => exchange(agent, request),
    close: () => agent.destroy(),
  };
}

async function exchange(dispatcher: Agent, request: HttpRequest): Promise<HttpResponse> {
  const { method, url, headers = {}, body = null, timeoutMs, signal } = request;
  const timeout = AbortSignal.timeout(timeoutMs);
  const aborted = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
  try {
    const response = await send(url, { dispatcher, method, headers: { ...headers }, body, signal: aborted });
    return { status: response.statusCode, headers: flatten(response.headers), body: await response.body.bytes() };
  } catch (error) {
    const late = timeout.aborted || error instanceof errors.ConnectTimeoutError;
    const where = `${method} ${new URL(url).origin}`;
    if (late) throw new AdtallyError('HTTP_TIMEOUT', `${where}: no answer within ${timeoutMs} ms`, { cause: error });
    throw new AdtallyError('HTTP_FAILED', `${where}: ${String(error)}`, { cause: error });
  }
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return flat;
}
