import { AdtallyError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Http, HttpRequest, HttpResponse } from '../../ports/http.ts';

/** What the other side does: answers after a delay, or breaks the connection. */
export type ScriptedAnswer =
  | {
      readonly afterMs?: number;
      readonly status: number;
      readonly body?: string | Uint8Array;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly afterMs?: number; readonly failure: string };

/** Outgoing HTTP that a script answers, in the time of a clock. */
export function createScriptedHttp(clock: Clock, answer: (request: HttpRequest) => ScriptedAnswer): Http {
  return {
    send: (request) => exchange(clock, request, answer(request)),
    close: async () => {},
  };
}

async function exchange(clock: Clock, request: HttpRequest, answer: ScriptedAnswer): Promise<HttpResponse> {
  const { method, url, timeoutMs, signal } = request;
  const where = `${method} ${new URL(url).origin}`;
  await clock.sleep(Math.min(answer.afterMs ?? 0, timeoutMs), signal);
  if (signal?.aborted) throw new AdtallyError('HTTP_FAILED', `${where}: aborted`);
  if ((answer.afterMs ?? 0) >= timeoutMs) {
    throw new AdtallyError('HTTP_TIMEOUT', `${where}: no answer within ${timeoutMs} ms`);
  }
  if ('failure' in answer) throw new AdtallyError('HTTP_FAILED', `${where}: ${answer.failure}`);
  const body =
    typeof answer.body === 'string' ? new TextEncoder().encode(answer.body) : (answer.body ?? new Uint8Array());
  return { status: answer.status, headers: answer.headers ?? {}, body };
}
