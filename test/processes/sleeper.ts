import { createSystemClock } from '../../adapters/system/clock.ts';
import { report } from './remote-process.ts';

/** Ends after its sleep: the timer, due in an hour, does not hold it. */
const clock = createSystemClock();
clock.after(3_600_000, () => {});
await clock.sleep(100);
await report('awake');
