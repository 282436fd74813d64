import type { Seal } from '../views/money/ledger.ts';
import { moment } from '../format.ts';

/** At which cut an answer holds: who asks again as of it gets the same answer. */
export function SealLine({ seal: { cut, digest, as_of_position } }: { readonly seal: Seal }) {
  return (
    <p class="foot">
      {cut === null ? `At the positions ${as_of_position}` : `At the cut ${moment(cut)} UTC`}, digest{' '}
      <span class="mono" title={as_of_position}>
        {digest}
      </span>
    </p>
  );
}
