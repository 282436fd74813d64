import { signal } from '@preact/signals';

const keyName = 'adtally-key';

/** Whose key this is. */
export interface Session {
  readonly name: string;
  readonly role: string;
  readonly advertiser_id: string | null;
}

/** What the console refused, with its stable code. Status 0: nothing answered. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  /** Where in what was sent, and what is wrong there. */
  readonly faults: readonly { readonly path: string; readonly detail: string }[];

  constructor(status: number, code: string, detail: string, faults: Refusal['faults'] = []) {
    super(detail);
    this.status = status;
    this.code = code;
    this.faults = faults;
  }
}

/** Null until a key was accepted. */
export const session = signal<Session | null>(null);
/** Why the key form is shown again. */
export const signInProblem = signal('');

/** The key lives as long as the tab. */
export function storedKey(): string | null {
  return sessionStorage.getItem(keyName);
}

export function signOut(problem = ''): void {
  sessionStorage.removeItem(keyName);
  signInProblem.value = problem;
  session.value = null;
}

/** Tries a key; it is kept only if the console knows it. */
export async function signIn(key: string): Promise<void> {
  sessionStorage.setItem(keyName, key);
  try {
    session.value = await ask<Session>('/v1/session');
    signInProblem.value = '';
  } catch (error) {
    const unknown = error instanceof Refusal && error.status === 401;
    signOut(unknown ? 'This key is not known here.' : sentenceOf(error));
  }
}

export interface Request {
  readonly method?: 'GET' | 'POST' | 'PATCH';
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** An answer of the console that is no problem. Error: `Refusal`. A key that is no longer known ends the session. */
export async function respond(path: string, { method, body, headers, signal: stop }: Request = {}): Promise<Response> {
  const key = storedKey();
  const response = await fetch(path, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(stop !== undefined && { signal: stop }),
  }).catch((cause: unknown) => {
    if (stop?.aborted === true) throw cause;
    throw new Refusal(0, 'NO_ANSWER', 'the console does not answer');
  });
  if (response.ok) return response;
  const answer = (await response.json().catch(() => ({}))) as {
    code?: string;
    detail?: string;
    path?: string;
    faults?: Refusal['faults'];
  };
  const { code = 'UNKNOWN', detail = response.statusText, path: where } = answer;
  const faults = answer.faults ?? (where === undefined ? [] : [{ path: where, detail }]);
  const refusal = new Refusal(response.status, code, detail, faults);
  if (refusal.status === 401 && session.value !== null) signOut('This key is no longer known here.');
  throw refusal;
}

export async function ask<T>(path: string, request: Request = {}): Promise<T> {
  return (await respond(path, request)).json() as Promise<T>;
}

export function sentenceOf(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  return error instanceof Error ? error.message : String(error);
}
