import { useEffect, useState } from 'preact/hooks';
import { useAnswer } from '../answer.ts';
import { plural, textOf, words } from '../format.ts';
import { go, place, setParams } from '../location.ts';
import { Name, SelectionLink } from '../parts/links.tsx';
import { Money } from '../parts/money.tsx';
import { SealLine } from '../parts/seal.tsx';
import { Badge, Empty, Section, Shown } from '../parts/states.tsx';
import { Title } from '../parts/title.tsx';
import { writePlace } from '../place.ts';
import { saveText } from '../save.ts';
import { ask, session } from '../session.ts';
import { billingOf, type Story } from './story/answer.ts';
import { Choosing } from './story/choosing.tsx';
import { Entries, Verdicts } from './story/entries.tsx';
import { TakeBack } from './story/take-back.tsx';
import { TimeLine } from './story/time-line.tsx';

/** Everything that one ad did: what happened, why it was chosen, and where its money is. */
export default function StoryView() {
  const { id } = place.value;
  return (
    <>
      <Title
        title="Story of one ad"
        lead="Its evidence, both ledgers, and why it was chosen. The address of this page is a lasting link."
      />
      <Search id={id} />
      {id === null ? <Recent /> : <Told id={id} />}
    </>
  );
}

function Search({ id }: { readonly id: string | null }) {
  return (
    <section class="sheet">
      <form
        class="search"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          const field = event.currentTarget.elements.namedItem('selection') as HTMLInputElement;
          go(writePlace({ view: 'story', id: field.value.trim().toLowerCase() }));
        }}
      >
        <label>
          Selection id
          <input
            key={id}
            name="selection"
            class="mono"
            defaultValue={id ?? ''}
            spellcheck={false}
            autocomplete="off"
            placeholder="01a20259-164b-7dfe-9eb0-d92a572755a5"
            pattern="\s*[0-9a-fA-F\-]{36}\s*"
            title="A UUID, as every figure of this console leads to"
            required
          />
        </label>
        <button type="submit">Show</button>
      </form>
    </section>
  );
}

function Recent() {
  const [ids, setIds] = useState<readonly string[]>([]);
  const isBound = session.value?.advertiser_id !== null;
  useEffect(() => {
    // Only a convenience: without it the field above is there.
    if (!isBound)
      ask<{ recent: readonly string[] }>('/v1/live').then(
        ({ recent }) => setIds(recent),
        () => setIds([]),
      );
  }, [isBound]);
  return (
    <Empty title="Which ad?">
      Enter the id of a selection, or follow any entry, difference or verdict.{' '}
      {ids.length === 0 ? null : 'The newest ones: '}
      {ids.map((id) => (
        <span key={id}>
          <SelectionLink id={id} />{' '}
        </span>
      ))}
    </Empty>
  );
}

function Told({ id }: { readonly id: string }) {
  const { at } = place.value.params;
  const query = at === undefined ? '' : `?as_of_position=${encodeURIComponent(at)}`;
  const answer = useAnswer<Story>(`/v1/ledger/selections/${encodeURIComponent(id)}${query}`);
  return (
    <Shown answer={answer} what="the story">
      {(story) => (
        <div key={story.selection_id}>
          <Head story={story} isPinned={at !== undefined} again={answer.again} />
          <div class="pair">
            <TimeLine story={story} />
            <div>
              <Entries story={story} />
              <Verdicts story={story} />
            </div>
          </div>
          <Choosing story={story} />
          <Token story={story} />
          <SealLine seal={story} />
        </div>
      )}
    </Shown>
  );
}

const waitingStates = ['incurred', 'reserved', 'suspended', 'unbooked'];

function looksOf(state: string): 'good' | 'bad' | 'late' | 'plain' {
  if (state === 'final') return 'good';
  if (waitingStates.includes(state)) return 'late';
  return ['voided', 'reversed', 'partly_reversed', 'absorbed', 'absorbed_voided'].includes(state) ? 'bad' : 'plain';
}

const amounts = [
  ['drawn', 'Drawn'],
  ['incurred', 'Incurred'],
  ['voided', 'Voided'],
  ['certified', 'Certified'],
  ['reversed', 'Reversed'],
  ['billable', 'May be billed'],
] as const;

interface HeadProps {
  readonly story: Story;
  /** The address names the positions at which it is shown. */
  readonly isPinned: boolean;
  readonly again: () => void;
}

function Head({ story, isPinned, again }: HeadProps) {
  const billing = billingOf(story);
  const currency = story.currency ?? billing?.currency ?? '';
  return (
    <Section
      id="head"
      title={`Ad ${story.selection_id}`}
      actions={
        isPinned ? (
          <button type="button" class="quiet" onClick={() => setParams({ at: null })}>
            Show its present state
          </button>
        ) : (
          <>
            <TakeBack story={story} onDone={again} />
            <button
              type="button"
              class="quiet"
              title="The link will always show what the ledgers hold now"
              onClick={() => setParams({ at: story.as_of_position })}
            >
              Keep this state in the link
            </button>
          </>
        )
      }
    >
      <p>
        <Badge looks={looksOf(story.state)}>{words(story.state)}</Badge> <Name id={story.advertiser_id} />
        {' → '}
        <Name id={story.campaign_id} />
        {billing === null ? null : (
          <>
            {' → '}
            <span class="id">{billing.line_item_id}</span>,{' '}
            {billing.pricing_model === 'NONE' ? (
              'without a price'
            ) : (
              <>
                {billing.pricing_model} at <Money micros={billing.price_micros} currency={billing.currency} exact />{' '}
                {billing.currency}
              </>
            )}
          </>
        )}
      </p>
      <ul>
        {story.why.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      {currency === '' ? null : (
        <dl class="figures">
          {amounts.map(([name, title]) => (
            <div key={name}>
              <dt>{title}</dt>
              <dd>
                <Money micros={story.amounts[`${name}_micros`] ?? '0'} currency={currency} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </Section>
  );
}

/** What the signed token carried: all that a beacon needs to be judged and billed without a look-up. */
function Token({ story }: { readonly story: Story }) {
  const billing = billingOf(story);
  const [isSaved, setSaved] = useState(false);
  const save = () => {
    saveText(`${story.selection_id}.json`, `${JSON.stringify(story, null, 2)}\n`, 'application/json');
    setSaved(true);
  };
  return (
    <Section
      id="token"
      title="Token facts and raw records"
      note="Every record of this ad carries these fields as the signed token had them; a record that says otherwise is a conflict."
      actions={
        <button type="button" class="quiet" onClick={save}>
          {isSaved ? 'Saved' : 'Save all as JSON'}
        </button>
      }
    >
      {billing === null ? (
        <Empty title="No record of this ad carries a token" />
      ) : (
        <dl class="facts">
          {Object.entries(billing).map(([field, value]) => (
            <div key={field}>
              <dt>{words(field)}</dt>
              <dd class="mono">
                {typeof value === 'object' && value !== null ? Object.values(value).join(' · ') : textOf(value ?? '–')}
              </dd>
            </div>
          ))}
        </dl>
      )}
      {story.trace === null ? null : (
        <p>
          Trace{' '}
          {story.trace.url === null ? (
            <span class="id">{story.trace.trace_id}</span>
          ) : (
            <a class="id" href={story.trace.url} target="_blank" rel="noreferrer">
              {story.trace.trace_id}
            </a>
          )}
          : how long each step took, from the request to the ledger.
        </p>
      )}
      <details>
        <summary>{plural(story.events.length, 'raw record')} as the log has them</summary>
        <pre tabIndex={0}>{JSON.stringify(story.events, null, 2)}</pre>
      </details>
    </Section>
  );
}
