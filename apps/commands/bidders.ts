import { parseArgs } from 'node:util';
import { createSeededRandom } from '../../adapters/simulated/random.ts';
import { AdtallyError } from '../../domain/errors.ts';
import { BidderField } from '../../simulate/bidders/bidder-field.ts';
import { type BidderClass, bidderClasses, mixedClasses } from '../../simulate/bidders/profiles.ts';
import { type Command, exitCodes } from '../exit-codes.ts';
import { textTable } from '../text-table.ts';
import { numberOf } from './simulate.ts';

const usage = `adtally bidders [options]

Simulated bidders of OpenRTB in one process, each with a port of its own, until Ctrl-C. The platform reaches them if BIDDER_ADDRESSES_ALLOWED has
127.0.0.1/32.

  --count N            a third volatile, a tenth lying, some dead or with endless answers, the rest fast and mid (default 10)
  --classes LIST       instead of that: ${bidderClasses.join(', ')}; joined by commas, fast*3 for three of a kind
  --price UNITS        middle of their bids for a thousand (default: 2, of volatile ones 2.5)
  --seed TEXT          the same seed bids the same (default 1)
  --host ADDRESS       default 127.0.0.1
  --port N             of the control side (default: any free one)
  --json               what is listening as one line of JSON

Control side: GET /bidders, GET /counts[?details=true], POST /bidders/NAME {"class": "volatile", "addMs": 20, "behaviour": "refuses", "bidShare": 0.5 …},
POST /reset. Behaviours: answers, lies, silent, refuses, drips, streams, garbage.`;

export const command: Command = { usage, run: (args) => run(args) };

const options = {
  count: { type: 'string', default: '10' },
  classes: { type: 'string' },
  price: { type: 'string' },
  seed: { type: 'string', default: '1' },
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '0' },
  json: { type: 'boolean', default: false },
} as const;

async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options, strict: true });
  const { seed, host, json } = values;
  const classes = values.classes === undefined ? mixedClasses(countOf(values.count)) : classesOf(values.classes);
  const field = new BidderField({
    classes,
    seed,
    host,
    randomOf: createSeededRandom,
    port: numberOf('port', values.port, 65_535),
  });
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    // Whoever started this as a child of its own has ended.
    process.once('disconnect', resolve);
  });
  const price = values.price === undefined ? null : numberOf('price', values.price, 10_000);
  if (price !== null) for (const bidder of field.bidders) await bidder.change({ ...bidder.profile, price });
  await field.start();
  process.stdout.write(
    json ? `${JSON.stringify({ control: field.controlUrl, bidders: field.shown() })}\n` : shown(field),
  );
  await interrupted;
  await field.stop();
  // The channel to whoever started this would keep it alive.
  if (process.connected) process.disconnect();
  return exitCodes.tallies;
}

function shown(field: BidderField): string {
  const rows = field.shown().map(({ name, endpoint, profile }) => [name, profile.behaviour, endpoint]);
  return `${textTable(['bidder', 'behaviour', 'endpoint'], rows)}\ncontrol side: ${field.controlUrl}\n`;
}

function countOf(text: string): number {
  return Math.max(1, numberOf('count', text, 1_000));
}

function classesOf(text: string): readonly BidderClass[] {
  return text.split(',').flatMap((part) => {
    const [name = '', times = '1'] = part.split('*');
    const of = bidderClasses.find((one) => one === name.trim());
    if (of !== undefined) return Array.from({ length: numberOf('classes', times, 1_000) }, () => of);
    throw new AdtallyError('BAD_SETTING', `--classes: ${JSON.stringify(part)} is none of ${bidderClasses.join(', ')}`);
  });
}
