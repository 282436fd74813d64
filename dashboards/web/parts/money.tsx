import { exactMoney, exactAmount, plainAmount, shownMoney } from '../format.ts';

export interface MoneyProps {
  readonly micros: string | bigint;
  readonly currency: string;
  /** Every decimal is shown: of entries, where each is a fact of its own. */
  readonly exact?: boolean;
}

/** An amount. Hovering shows it to the micro, and copying it alone copies it to the micro. */
export function Money({ micros, currency, exact = false }: MoneyProps) {
  const looks = BigInt(micros) === 0n ? 'money zero' : 'money';
  return (
    <data class={looks} value={plainAmount(micros)} title={exactMoney(micros, currency)}>
      {exact ? exactAmount(micros, 6) : shownMoney(micros, currency)}
    </data>
  );
}

/** Who selects one amount and copies it gets all of it, as a spreadsheet reads it. */
export function copyExactly(): void {
  document.addEventListener('copy', (event) => {
    const range = getSelection()?.rangeCount === 1 ? getSelection()?.getRangeAt(0) : undefined;
    const start = range?.startContainer.parentElement?.closest('data.money');
    const end = range?.endContainer.parentElement?.closest('data.money');
    if (start === undefined || start === null || (end !== start && range?.endOffset !== 0)) return;
    event.clipboardData?.setData('text/plain', (start as HTMLDataElement).value);
    event.preventDefault();
  });
}
