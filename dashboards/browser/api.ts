const keyName = 'adtally-key';

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

/** The key lives as long as the tab. */
export function storedKey(): string | null {
  return sessionStorage.getItem(keyName);
}

export function storeKey(key: string | null): void {
  if (key === null) sessionStorage.removeItem(keyName);
  else sessionStorage.setItem(keyName, key);
}

/** Asks our own server; with the key if there is one. Error: `Refusal`; status 0 if nothing answers. */
export async function ask<T>(path: string, body?: object): Promise<T> {
  const key = storedKey();
  const headers = {
    ...(key !== null && { authorization: `Bearer ${key}` }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
  };
  const response = await answerOf(
    path,
    body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) },
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
