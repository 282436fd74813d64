import { count, percent, words } from '../../format.ts';
import { type Counts, type Reason, steps } from './steps.ts';

const reasonsShown = 3;

/** The funnel as a picture: each step as wide as its ads, and beside each narrowing what fell out there and why. */
export function Funnel({ counts, reasons }: { readonly counts: Counts; readonly reasons: readonly Reason[] }) {
  const widest = Math.max(1, counts.eligible);
  const share = (value: number) => (Math.max(0, value) / widest) * 100;
  return (
    <ol class="funnel">
      {steps.map(({ name, title, lostBy }, place) => {
        const before = steps[place - 1];
        return (
          <li key={name}>
            {before === undefined ? null : (
              <div class="funnel-loss">
                <span class="funnel-neck" aria-hidden="true">
                  <span style={{ clipPath: neck(share(counts[before.name]), share(counts[name])) }} />
                </span>
                <Loss
                  ads={counts[before.name] - counts[name]}
                  reasons={reasons.filter(({ step }) => (lostBy as readonly string[]).includes(step))}
                />
              </div>
            )}
            <div class="funnel-step">
              <span class="funnel-title">{title}</span>
              <span class="funnel-bar" aria-hidden="true">
                <span style={{ width: `${share(counts[name])}%` }} />
              </span>
              <span class="funnel-count">
                <b data-step={name}>{count(counts[name])}</b> <small>{percent(counts[name], counts.eligible)}</small>
              </span>
            </div>
          </li>
        );
      })}
    </ol>
  );
}

function Loss({ ads, reasons }: { readonly ads: number; readonly reasons: readonly Reason[] }) {
  if (ads <= 0) return <span class="funnel-why" />;
  const rest = reasons.slice(reasonsShown).reduce((sum, one) => sum + one.ads, 0);
  const told = reasons.slice(0, reasonsShown).map(({ reason, ads: some }) => `${words(reason)} ${count(some)}`);
  return (
    <span class="funnel-why">
      −{count(ads)}
      {told.length === 0 ? '' : `: ${[...told, ...(rest > 0 ? [`other ${count(rest)}`] : [])].join(', ')}`}
    </span>
  );
}

/** A trapezoid in the middle, from one width to another, per cent. */
function neck(above: number, below: number): string {
  const [a, b] = [above / 2, below / 2];
  return `polygon(${50 - a}% 0, ${50 + a}% 0, ${50 + b}% 100%, ${50 - b}% 100%)`;
}

const [stepWidth, high] = [22, 20];

/** The same, small, for a row of a table; the numbers stand beside it. */
export function SmallFunnel({ counts, widest }: { readonly counts: Counts; readonly widest: number }) {
  const heights = steps.map(({ name }) => (counts[name] / Math.max(1, widest)) * (high / 2));
  const along = heights.flatMap((half, place) => [
    [place * stepWidth, half] as const,
    [place * stepWidth + stepWidth * 0.7, half] as const,
  ]);
  const points = [
    ...along.map(([x, half]) => `${x},${high / 2 - half}`),
    ...along.toReversed().map(([x, half]) => `${x},${high / 2 + half}`),
  ];
  const width = steps.length * stepWidth;
  return (
    <svg class="small-funnel" viewBox={`0 0 ${width} ${high}`} width={width} height={high} aria-hidden="true">
      <polygon points={points.join(' ')} />
    </svg>
  );
}
