import { signal } from '@preact/signals';
import { respond, sentenceOf } from './session.ts';
import { takeEvents } from './server-events.ts';

export type Row = Readonly<Record<string, string | number | null>>;

export interface Lag {
  readonly truth: string;
  readonly lag_ms: number | null;
  readonly records: number | null;
  readonly tolerance_ms: number;
  readonly worst: string;
}

/** What serving was asked, as its processes count it. */
export interface Requests {
  readonly since: string;
  readonly over_ms: number;
  readonly requests: number;
  readonly per_second: number | null;
  readonly slots: number;
  readonly ads: number;
  readonly no_ad: readonly { readonly reason: string; readonly slots: number }[];
  readonly answers: Readonly<Record<string, number>>;
  readonly refused: number;
  readonly minutes: readonly {
    readonly minute: string;
    readonly requests: number;
    readonly ads: number;
    readonly refused: number;
  }[];
}

/** Figures of `GET /v1/live`. */
export interface Live {
  readonly at: string;
  readonly window: string;
  readonly funnel: readonly Row[];
  readonly spend: readonly Row[];
  readonly spend_hours: readonly Row[];
  readonly minutes: readonly { readonly minute: string; readonly selections: number; readonly impressions: number }[];
  readonly stages: readonly Row[];
  readonly participation: readonly Row[];
  readonly truths: readonly Lag[];
  readonly time: { readonly at: string | null; readonly age_ms: number | null; readonly tolerance_ms: number };
  /** Records that could not be read, judged or believed: forged beacons among them. */
  readonly quarantined: number;
  readonly alerts: readonly {
    readonly level: 'wrong' | 'late';
    readonly name: string;
    readonly sentence: string;
    readonly truth?: string;
  }[];
  /** When the figures of the warehouse were counted. */
  readonly counted_at: string;
  readonly requests: Requests;
  readonly accounts: readonly Row[];
  readonly recent: readonly string[];
  readonly ledger_cut: string | null;
  readonly ledger_digest: string;
  readonly reporting: { readonly records: number; readonly lag_ms: number | null };
}

/** The newest figures; null before the first. */
export const live = signal<Live | null>(null);
/** Why there are none at the moment. */
export const liveProblem = signal<string | null>(null);

const againMs = 2_000;

/** Follows the figures of a window until it is told to stop. A hidden page asks for nothing. */
export function followLive(window: string): () => void {
  const stop = new AbortController();
  if (live.value?.window !== window) live.value = null;
  void follow(window, stop.signal);
  return () => stop.abort();
}

async function follow(window: string, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    try {
      await visible(stop);
      await read(window, stop);
    } catch (error) {
      if (stop.aborted) return;
      liveProblem.value = sentenceOf(error);
    }
    await wait(againMs);
  }
}

async function read(window: string, stop: AbortSignal): Promise<void> {
  const hidden = new AbortController();
  const onHide = () => {
    if (document.hidden) hidden.abort();
  };
  document.addEventListener('visibilitychange', onHide);
  try {
    const signalled = AbortSignal.any([stop, hidden.signal]);
    const headers = { accept: 'text/event-stream' };
    const { body } = await respond(`/v1/live?window=${encodeURIComponent(window)}`, { headers, signal: signalled });
    if (body !== null) await readEvents(body.pipeThrough(new TextDecoderStream()).getReader(), stop);
  } catch (error) {
    if (!hidden.signal.aborted) throw error;
  } finally {
    document.removeEventListener('visibilitychange', onHide);
  }
}

async function readEvents(reader: ReadableStreamDefaultReader<string>, stop: AbortSignal): Promise<void> {
  let text = '';
  while (!stop.aborted) {
    const { value, done } = await reader.read();
    if (done) return;
    const { events, rest } = takeEvents(text + value);
    text = rest;
    for (const { name, data } of events) take(name, JSON.parse(data) as Live & { detail: string });
  }
}

function take(name: string, data: Live & { detail: string }): void {
  if (name === 'figures') {
    live.value = data;
    liveProblem.value = null;
  } else if (name === 'problem') liveProblem.value = data.detail;
}

function visible(stop: AbortSignal): Promise<void> {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    document.addEventListener('visibilitychange', () => resolve(), { once: true, signal: stop });
    stop.addEventListener('abort', () => resolve(), { once: true });
  });
}

export function wait(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
