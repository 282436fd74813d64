import { useAnswer } from '../../answer.ts';
import { place } from '../../location.ts';
import { Choice } from '../../parts/choice.tsx';
import { entriesHref, Name } from '../../parts/links.tsx';
import { Money } from '../../parts/money.tsx';
import { OwnerChoice } from '../../parts/owner-choice.tsx';
import { SealLine } from '../../parts/seal.tsx';
import { Badge, Empty, Section, Shown } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { type AccountSum, type Balances, type Grouping, sumBalances } from './ledger.ts';

const groupings = [
  { value: 'account', title: 'Account' },
  { value: 'advertiser', title: 'Advertiser' },
  { value: 'campaign', title: 'Campaign' },
] as const;

export const truths = [
  { value: 'final', title: 'Final' },
  { value: 'tentative', title: 'Tentative' },
] as const;

/** Balances of one ledger at its latest cut; every figure leads to its entries. */
export function Accounts() {
  const { truth = 'final', by = 'account', advertiser, campaign } = place.value.params;
  const query = new URLSearchParams({
    truth,
    ...(advertiser !== undefined && { advertiser_id: advertiser }),
    ...(campaign !== undefined && { campaign_id: campaign }),
  });
  const answer = useAnswer<Balances>(`/v1/ledger/balances?${query.toString()}`);
  return (
    <Section
      id="accounts"
      title="Accounts"
      note="Balance = credits − debits. Each figure leads to the entries that make it up."
      actions={
        <>
          <Choice label="Ledger" param="truth" usual="final" options={truths} />
          <Choice label="By" param="by" usual="account" options={groupings} />
          <OwnerChoice />
        </>
      }
    >
      <Shown answer={answer} what="the balances">
        {(data) => <BalanceTable data={data} truth={truth} by={by as Grouping} />}
      </Shown>
    </Section>
  );
}

function BalanceTable({ data, truth, by }: { readonly data: Balances; readonly truth: string; readonly by: Grouping }) {
  const { advertiser, campaign } = place.value.params;
  const sums = sumBalances(data.balances, by);
  if (sums.length === 0) {
    return (
      <Empty title="No entry yet">
        {truth === 'final' ? 'An ad reaches the final ledger once the hold has passed.' : 'Nothing was reserved yet.'}
      </Empty>
    );
  }
  const hrefOf = ({ account, owner }: AccountSum) =>
    entriesHref({
      truth,
      account,
      advertiser: by === 'advertiser' ? owner : advertiser,
      campaign: by === 'campaign' && owner !== '' ? owner : campaign,
    });
  return (
    <>
      <Table<AccountSum>
        caption={`Balances of the ${truth} ledger by ${by}`}
        name={`${truth}-balances`}
        rows={sums}
        rowKey={({ key }) => key}
        columns={[
          {
            title: by === 'campaign' ? 'Campaign' : 'Advertiser',
            name: by === 'campaign' ? 'campaign_id' : 'advertiser_id',
            value: ({ owner }) => owner,
            cell: ({ owner }) => <Name id={owner} />,
            isHidden: by === 'account',
          },
          { title: 'Account', name: 'account', value: ({ account }) => account },
          { title: 'Grows on', name: 'normal_side', value: ({ normal_side }) => normal_side },
          { title: 'Currency', name: 'currency', value: ({ currency }) => currency },
          {
            title: 'Debits',
            name: 'debit_micros',
            isNumber: true,
            value: ({ debit }) => String(debit),
            cell: ({ debit, currency }) => <Money micros={debit} currency={currency} />,
          },
          {
            title: 'Credits',
            name: 'credit_micros',
            isNumber: true,
            value: ({ credit }) => String(credit),
            cell: ({ credit, currency }) => <Money micros={credit} currency={currency} />,
          },
          {
            title: 'Balance',
            name: 'balance_micros',
            isNumber: true,
            value: ({ debit, credit }) => String(credit - debit),
            cell: (row) => (
              <a href={hrefOf(row)} title={`Entries of ${row.account}`}>
                <Money micros={row.credit - row.debit} currency={row.currency} />
              </a>
            ),
          },
        ]}
      />
      <p class="note">
        {data.trial_balance.map(({ currency, difference_micros }) => (
          <span key={currency}>
            <Badge looks={difference_micros === '0' ? 'good' : 'bad'}>
              {difference_micros === '0' ? 'Debits = credits' : 'Out of balance'}
            </Badge>{' '}
            in {currency}: difference <Money micros={difference_micros} currency={currency} />.{' '}
          </span>
        ))}
      </p>
      <SealLine seal={data} />
    </>
  );
}
