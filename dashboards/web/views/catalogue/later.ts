import { useEffect, useState } from 'preact/hooks';

/** A part of the view that comes when it is first needed: null until then, an error if it does not come. `load` stays the same function. */
export function useLater<T>(load: () => Promise<T>): T | Error | null {
  const [part, setPart] = useState<{ readonly value: T | Error } | null>(null);
  useEffect(() => {
    load().then(
      (value) => setPart({ value }),
      () => setPart({ value: new Error('This part could not be loaded; load the page anew.') }),
    );
  }, [load]);
  return part === null ? null : part.value;
}
