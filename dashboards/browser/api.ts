/** What the console refused, with its stable code. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** Asks our own server, which lets the playground in without a key. Error: `Refusal`; status 0 if nothing answers. */
export async function ask<T>(path: string, body?: object): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  const response = await answerOf(
    path,
    body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) },
  );
  const answer: unknown = await response.json().catch(() => ({}));
  if (response.ok) return answer as T;
  const { code = 'UNKNOWN', detail = response.statusText } = answer as { code?: string; detail?: string };
  throw new Refusal(response.status, code, detail);
}

async function answerOf(path: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(path, request);
  } catch (cause) {
    throw new Refusal(0, 'NO_ANSWER', `the console does not answer (${String(cause)})`);
  }
}

export function sentenceOf(error: unknown): string {
  if (error instanceof Refusal) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
