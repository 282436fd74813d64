import { performance } from 'node:perf_hooks';
import type { Boot } from '../serving/boot.ts';
import type { Overload } from '../serving/overload.ts';

const sampleMs = 100;
/** Share of the private buffer that decisions may fill; the rest is for beacons. */
export const decisionShare = 0.8;

/** Tells `overload` ten times a second how busy the event loop of this thread is and how full the buffer. Does not keep the process alive. */
export function watchLoad(overload: Overload, { buffer }: Pick<Boot, 'buffer'>): void {
  let utilisation = performance.eventLoopUtilization();
  let turns = performance.nodeTiming.uvMetricsInfo.loopCount;
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { loopCount } = performance.nodeTiming.uvMetricsInfo;
    const since = performance.eventLoopUtilization(now, utilisation);
    const { bytes, maxBytes } = buffer.depth();
    const load = {
      utilisation: since.utilization,
      turnMs: since.active / Math.max(1, loopCount - turns),
      bufferShare: bytes / (maxBytes * decisionShare),
    };
    [utilisation, turns] = [now, loopCount];
    overload.sample(load, performance.now());
  }, sampleMs);
  timer.unref();
}
