import type { Adtally, Decision, SlotOptions } from '../types.ts';

type Formats = Readonly<Partial<Record<'banner' | 'native' | 'video', string>>>;

function note(text: string): void {
  const line = document.createElement('li');
  line.textContent = text;
  document.querySelector('#log')?.append(line);
}

/** `?banner=pl_…&native=pl_…&video=pl_…`, or what the server has. */
async function placementsOf(): Promise<Formats> {
  const asked = Object.fromEntries(new URLSearchParams(location.search)) as Formats;
  if (Object.keys(asked).length > 0) return asked;
  return (await (await fetch('/sdk/example/placements.json')).json()) as Formats;
}

function options(format: keyof Formats, placement: string): SlotOptions {
  return {
    element: `#${format}`,
    placement,
    formats: [format],
    lazy: format === 'video',
    onAd: (ad: Decision) => note(`${format}: ${ad.selection_id}`),
    onEmpty: (reason) => note(`${format}: no ad, ${reason}`),
  };
}

// Served beside this page as one file: a relative import would ask for the source.
const script = '/sdk/adtally.js';
const { createAdtally } = (await import(script)) as { createAdtally: (options: object) => Adtally };
const ads = createAdtally({ url: location.origin, minRefreshMs: 5_000 });
const placements = await placementsOf();
const formats = ['banner', 'native', 'video'] as const;
const slots = formats.flatMap((format) => {
  const placement = placements[format];
  if (placement === undefined) note(`${format}: no placement takes it`);
  return placement === undefined ? [] : [ads.slot(options(format, placement))];
});
await ads.load();
document.querySelector('#refresh')?.addEventListener('click', () => {
  void slots[0]?.refresh().then((isNew) => isNew || note('banner: too soon for another'));
});
