/** Health check of the image: asks the process of this container, whichever it is, whether it lives. Exit 0: it does; 1: nothing here answers. */
import { readSettings } from '../config/settings.ts';

const waitMs = 4_000;

async function lives(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(waitMs) });
    return answer.ok;
  } catch (error) {
    // Nobody listens: this is the port of another process.
    if (error instanceof Error) return false;
    throw error;
  }
}

const { servePort, consolePort, streamsPort } = readSettings(process.env);
const answers = await Promise.all([servePort, consolePort, streamsPort].map(lives));
process.exitCode = answers.includes(true) ? 0 : 1;
