import { place } from '../location.ts';
import { Title } from '../parts/title.tsx';
import { writePlace } from '../place.ts';
import { session } from '../session.ts';
import { Accounts } from './money/accounts.tsx';
import { Entries } from './money/entries.tsx';
import { Spend } from './money/spend.tsx';
import { StatementTab } from './money/statement.tsx';

const tabs = [
  { name: 'spend', title: 'Spend by state', Content: Spend, scoped: false },
  { name: 'accounts', title: 'Accounts', Content: Accounts, scoped: true },
  { name: 'statement', title: 'Statement', Content: StatementTab, scoped: true },
  { name: 'entries', title: 'Entries', Content: Entries, scoped: true },
] as const;

/** From what a campaign spent down to the entry that says so. */
export default function Money() {
  const isBound = session.value?.advertiser_id !== null;
  const offered = tabs.filter(({ scoped }) => scoped || !isBound);
  const { params } = place.value;
  const tab = offered.find(({ name }) => name === params['tab']) ?? offered[0];
  const kept = { advertiser: params['advertiser'], campaign: params['campaign'], window: params['window'] };
  return (
    <>
      <Title
        title="Money"
        lead="Every figure here is a sum of entries, every entry names a debit and a credit, and every entry leads to the ad that caused it."
      />
      <nav class="tabs" aria-label="Money">
        {offered.map(({ name, title }) => (
          <a
            key={name}
            href={writePlace({ view: 'money', params: { ...kept, tab: name } })}
            aria-current={name === tab?.name ? 'page' : undefined}
          >
            {title}
          </a>
        ))}
      </nav>
      {tab === undefined ? null : <tab.Content key={tab.name} />}
    </>
  );
}
