/** Tells whenever at least half of an element comes into view of somebody who has the page before them, or leaves it. Returns what stops it. */
export function watchView(element: Element, change: (inView: boolean) => void): () => void {
  let half = false;
  let told = false;
  const tell = (): void => {
    const now = half && document.visibilityState === 'visible';
    if (now !== told) change((told = now));
  };
  const observer = new IntersectionObserver(
    (entries) => {
      half = (entries.at(-1)?.intersectionRatio ?? 0) >= 0.5;
      tell();
    },
    { threshold: 0.5 },
  );
  observer.observe(element);
  addEventListener('visibilitychange', tell, true);
  return () => {
    observer.disconnect();
    removeEventListener('visibilitychange', tell, true);
  };
}

/** A stretch of time without a break. `run(true)` begins it, `run(false)` throws away what there was; `done` is called once. */
export function stretch(ms: number, done: () => void): (runs: boolean) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isDone = false;
  return (runs) => {
    clearTimeout(timer);
    if (!runs || isDone) return;
    timer = setTimeout(() => {
      isDone = true;
      done();
    }, ms);
  };
}
