import type { Settings } from '../config/settings.ts';
import { isAdtallyError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Disk } from '../ports/disk.ts';
import { CurrencyRates } from '../serving/openrtb/currency-rates.ts';

export interface RatesParts {
  readonly settings: Settings;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly say: (sentence: string) => void;
}

const readAgainMs = 60_000;

/** The rates of OPENRTB_RATES, kept up to date. Error: `VALIDATION_FAILED` or of the disk, if the file can't be used. */
export async function openRates(parts: RatesParts): Promise<CurrencyRates> {
  const { settings, clock } = parts;
  const rates = new CurrencyRates(settings.openrtbRatesOldestMs, () => clock.now());
  if (settings.openrtbRates !== '') await followRates(rates, parts);
  return rates;
}

/** Reads the file now and every minute. What is wrong with it at the start is an error; later the rates before hold on, until they are too old. */
async function followRates(rates: CurrencyRates, { settings, disk, say }: RatesParts): Promise<void> {
  const read = async () => rates.load(Buffer.from(await disk.read(settings.openrtbRates)).toString('utf8'));
  await read();
  const readAgain = async () => {
    try {
      await read();
    } catch (error) {
      if (!isAdtallyError(error) && !(error instanceof Error && 'code' in error)) throw error;
      say(`the rates of OPENRTB_RATES are those from before: ${error.message}`);
    }
    if (rates.isStale) say('the rates of OPENRTB_RATES are too old: nothing is converted');
  };
  if (rates.isStale) say('the rates of OPENRTB_RATES are too old: nothing is converted');
  setInterval(() => void readAgain(), readAgainMs).unref();
}
