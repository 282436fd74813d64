import { shownMoney, plural, textOf, timeOfDay, words } from '../../format.ts';
import { Section } from '../../parts/states.tsx';
import { type Step, type Story, type StoryEvent, stepsOf } from './answer.ts';

function noteOf({ name, value, problem }: StoryEvent): string {
  if (value === null) return problem ?? '';
  const { beacon, billing } = value;
  if (beacon !== undefined) {
    const from = beacon.network === '' ? '' : ` from ${beacon.network}`;
    return `${beacon.judgement.toLowerCase()}, by ${beacon.transport.toLowerCase()}${from}`;
  }
  if (name === 'TrafficInvalidated') return `${textOf(value['category'])} by the rule ${words(textOf(value['rule']))}`;
  if (name === 'Adjusted') return `${textOf(value['action']).toLowerCase()}: ${textOf(value['reason'])}`;
  if (billing === undefined) return '';
  if (name === 'SpendReserved' || name === 'SpendIncurred') return shownMoney(billing.price_micros, billing.currency);
  if (name === 'AdSelected') return `for ${billing.placement_id} by ${billing.node}`;
  return '';
}

/** What happened, in the order in which it happened; each step with its records as they are. */
export function TimeLine({ story: { events, events_total } }: { readonly story: Story }) {
  const steps = stepsOf(events, noteOf);
  const day = steps[0]?.at.slice(0, 10) ?? '';
  return (
    <Section id="events" title="What happened" note={`${day}, times in UTC. Filled dots moved money.`}>
      <ol class="time-line">
        {steps.map((step) => (
          <TimeLineStep key={`${step.at} ${step.name} ${step.note}`} step={step} day={day} />
        ))}
      </ol>
      {events_total > events.length ? (
        <p class="note">
          The first {events.length} of {plural(events_total, 'record')}.
        </p>
      ) : null}
    </Section>
  );
}

function TimeLineStep({
  step: { at, name, note, looks, events, ids },
  day,
}: {
  readonly step: Step;
  readonly day: string;
}) {
  const places = events.map(({ topic, shard, offset }) => `${topic}/${shard}@${offset}`);
  return (
    <li>
      <time dateTime={at} title={at}>
        {at.startsWith(day) ? timeOfDay(at) : at.slice(5, 19).replace('T', ' ')}
      </time>
      <span class={`dot ${looks}`} aria-hidden="true" />
      <div class="what">
        <strong>{name}</strong>
        {ids.size > 1 ? ` × ${ids.size}` : ''} {note}
        {events.length > ids.size ? <span class="dim">, appended again after a crash</span> : null}
        <details>
          <summary>
            <span class="id">
              {places[0]}
              {places.length > 1 ? ` and ${places.length - 1} more` : ''}
            </span>
          </summary>
          <pre tabIndex={0}>
            {JSON.stringify(
              events.map(({ value, appended_at, problem }) => ({
                appended_at,
                ...(problem !== null && { problem }),
                ...value,
              })),
              null,
              2,
            )}
          </pre>
        </details>
      </div>
    </li>
  );
}
