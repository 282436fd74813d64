import { useEffect, useState } from 'preact/hooks';
import { ask } from './session.ts';

/** What has come of a question: an answer that is being asked for anew is shown meanwhile. */
export interface Answer<T> {
  readonly data: T | null;
  readonly error: unknown;
  readonly isWaiting: boolean;
  readonly again: () => void;
}

/** Asks a route and again whenever the path changes; null asks nothing. */
export function useAnswer<T>(path: string | null): Answer<T> {
  const [turn, setTurn] = useState(0);
  const [state, setState] = useState<{ path: string | null; data: T | null; error: unknown; isWaiting: boolean }>({
    path: null,
    data: null,
    error: null,
    isWaiting: path !== null,
  });
  useEffect(() => {
    if (path === null) return setState({ path, data: null, error: null, isWaiting: false });
    const stop = new AbortController();
    setState((before) => ({ ...before, error: null, isWaiting: true }));
    ask<T>(path, { signal: stop.signal }).then(
      (data) => setState({ path, data, error: null, isWaiting: false }),
      (error: unknown) => {
        if (!stop.signal.aborted) setState({ path, data: null, error, isWaiting: false });
      },
    );
    return () => stop.abort();
  }, [path, turn]);
  return { data: state.data, error: state.error, isWaiting: state.isWaiting, again: () => setTurn((last) => last + 1) };
}
