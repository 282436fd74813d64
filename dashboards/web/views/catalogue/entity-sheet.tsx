import { useState } from 'preact/hooks';
import { useAnswer } from '../../answer.ts';
import { duration, moment, textOf, words } from '../../format.ts';
import { refreshNames } from '../../names.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { Name } from '../../parts/links.tsx';
import { Money } from '../../parts/money.tsx';
import { Badge, Problem, Section, Shown, Waiting } from '../../parts/states.tsx';
import { writePlace } from '../../place.ts';
import { ask, session } from '../../session.ts';
import { EditForm, factsOf } from './entity-form.tsx';
import { Reading } from './fields.tsx';
import { History } from './history.tsx';
import { type Entity, type Kind, kinds } from './kinds.ts';
import { useLater } from './later.ts';
import { type KindSchemas, titleOf } from './schema.ts';
import { wallTime } from '../../zoned-time.ts';

export { CreationForm } from './entity-form.tsx';

export interface EntitySheetProps {
  readonly id: string;
  readonly kind: Kind;
  readonly schemas: KindSchemas;
}

/** One entity: its fields, what belongs to it, what may be done with it, and what was. */
export function EntitySheet({ id, kind, schemas }: EntitySheetProps) {
  const answer = useAnswer<Entity>(`/v1/${kind.path}/${encodeURIComponent(id)}`);
  return (
    <Shown answer={answer} what={`the ${kind.one}`}>
      {(entity) => (
        <div key={textOf(entity['revision'])}>
          <Sheet id={id} kind={kind} schemas={schemas} entity={entity} again={answer.again} />
          {kind.path === 'creatives' ? <LaterPreview creative={entity} /> : null}
          <History id={id} kind={kind} />
        </div>
      )}
    </Shown>
  );
}

const loadPreview = () => import('./preview.tsx');

function LaterPreview({ creative }: { readonly creative: Entity }) {
  const part = useLater(loadPreview);
  if (part instanceof Error) return <Problem error={part} />;
  return part === null ? <Waiting what="the preview" /> : <part.Preview creative={creative} />;
}

type Act = 'edit' | 'archive' | 'pause' | null;

function Sheet({
  id,
  kind,
  schemas,
  entity,
  again,
}: EntitySheetProps & { readonly entity: Entity; readonly again: () => void }) {
  const [act, setAct] = useState<Act>(null);
  const isArchived = entity['archived'] === true;
  const isPaused = entity['status'] === 'paused';
  const mayEdit = schemas.may_change && !isArchived;
  const done = () => {
    setAct(null);
    again();
    void refreshNames();
  };
  const change = async (body: Record<string, unknown>) => {
    // The revision that was looked at: what somebody else changed meanwhile is not overwritten.
    const headers = { 'if-match': `"${textOf(entity['revision'])}"` };
    await ask(`/v1/${kind.path}/${encodeURIComponent(id)}`, { method: 'PATCH', body, headers });
    done();
  };
  const close = () => setAct(null);
  return (
    <Section
      id="entity"
      title={textOf(entity['name'])}
      note={
        <>
          <span class="id">{id}</span>, revision {textOf(entity['revision'])} by {textOf(entity['changed_by'])} at{' '}
          {moment(textOf(entity['changed_at']))} UTC
        </>
      }
      actions={
        <>
          <Badge looks={isArchived ? 'plain' : isPaused ? 'late' : 'good'}>
            {isArchived ? 'archived' : textOf(entity['status'])}
          </Badge>
          {mayEdit ? (
            <>
              <button type="button" onClick={() => setAct('edit')}>
                Edit
              </button>
              <button type="button" class="quiet" onClick={() => setAct('pause')}>
                {isPaused ? 'Resume …' : 'Pause …'}
              </button>
              <button type="button" class="quiet" onClick={() => setAct('archive')}>
                Archive …
              </button>
            </>
          ) : null}
        </>
      }
    >
      {act === 'edit' ? <EditForm kind={kind} schemas={schemas} entity={entity} onDone={done} onClose={close} /> : null}
      {act === 'pause' ? (
        <Confirm
          title={`${isPaused ? 'Resume' : 'Pause'} ${textOf(entity['name'])}?`}
          act={isPaused ? 'Resume it' : 'Pause it'}
          onAct={() => change({ status: isPaused ? 'active' : 'paused' })}
          onClose={close}
        >
          <p>
            {isPaused
              ? 'It may be chosen again within a second or so, if what it belongs to may be.'
              : 'It is no longer chosen, nor is what belongs to it, within a second or so. What was chosen before is still paid for.'}
          </p>
          <Recorded />
        </Confirm>
      ) : null}
      {act === 'archive' ? (
        <Confirm
          title={`Archive ${textOf(entity['name'])}?`}
          act="Archive it"
          onAct={() => change({ archived: true })}
          onClose={close}
        >
          <p>It is not chosen any more, for ever; it stays in the history, and what it has spent stays as it is.</p>
          <Recorded />
        </Confirm>
      ) : null}
      <Facts kind={kind} entity={entity} />
      <Belongings id={id} kind={kind} />
    </Section>
  );
}

function Belongings({ id, kind }: { readonly id: string; readonly kind: Kind }) {
  const below = kinds.filter(({ parent }) => parent === kind.idField);
  if (below.length === 0) return null;
  return (
    <p class="note belongings">
      {below.map(({ path, title }) => (
        <a key={path} href={writePlace({ view: 'catalogue', params: { kind: path, of: id } })}>
          Its {title.toLowerCase()}
        </a>
      ))}
      {kind.path === 'campaigns' ? (
        <a href={writePlace({ view: 'pacing', params: { campaign: id } })}>Its pacing</a>
      ) : null}
    </p>
  );
}

function Recorded() {
  return (
    <p class="note">
      The change is written to the log with your key’s name, {session.value?.name}, and the time; History shows it.
    </p>
  );
}

/** Shown elsewhere on the page. */
const elsewhere = [
  'name',
  'status',
  'revision',
  'archived',
  'changed_by',
  'changed_at',
  'markup',
  'trackers',
  'targeting',
];

function Facts({ kind, entity }: { readonly kind: Kind; readonly entity: Entity }) {
  const shown = Object.entries(entity).filter(([field]) => !elsewhere.includes(field) && field !== kind.idField);
  const { targeting } = entity;
  return (
    <>
      <dl class="facts">
        {shown.map(([field, value]) => (
          <div key={field}>
            <dt>{titleOf(field)}</dt>
            <dd>
              <Fact field={field} value={value} entity={entity} />
            </dd>
          </div>
        ))}
      </dl>
      {targeting === undefined ? null : (
        <>
          <h3>Whom it may reach</h3>
          <Reading targeting={targeting as Entity} />
        </>
      )}
    </>
  );
}

interface FactProps {
  readonly field: string;
  readonly value: unknown;
  readonly entity: Entity;
}

function Fact({ field, value, entity }: FactProps) {
  const { currency, zone } = factsOf(entity);
  if (value === null || value === '') return <span class="dim">–</span>;
  if (Array.isArray(value)) return <List values={value} />;
  if (field.endsWith('_micros') && typeof value === 'string') return <Money micros={value} currency={currency} />;
  if (field.endsWith('_id') && typeof value === 'string') {
    return (
      <a href={writePlace({ view: 'catalogue', id: value })}>
        <Name id={value} />
      </a>
    );
  }
  if (field === 'flight') return <Flight flight={value as Entity} zone={zone} />;
  if (field === 'frequency_cap') return <>{capText(value as Entity)}</>;
  if (typeof value === 'boolean') return <>{value ? 'yes' : 'no'}</>;
  if (typeof value === 'object')
    return <List values={Object.entries(value).map(([name, one]) => `${words(name)}: ${textOf(one)}`)} />;
  return <>{textOf(value)}</>;
}

const shownValues = 12;

function List({ values }: { readonly values: readonly unknown[] }) {
  if (values.length === 0) return <span class="dim">none</span>;
  const more = values.length - shownValues;
  return (
    <>
      {values.slice(0, shownValues).map(textOf).join(', ')}
      {more > 0 ? ` and ${more} more` : ''}
    </>
  );
}

/** In the zone of the advertiser, whose days the budget follows; hovering shows UTC. */
function Flight({ flight, zone }: { readonly flight: Entity; readonly zone: string }) {
  const [from, to] = [textOf(flight['starts_at']), textOf(flight['ends_at'])];
  const local = (time: string) => wallTime(time, zone).replace('T', ' ').slice(0, 16);
  return (
    <span title={`${from} to ${to}`}>
      {local(from)} to {local(to)} ({zone})
    </span>
  );
}

function capText({ impressions, window_ms, calendar }: Entity): string {
  const span = textOf(calendar) === '' ? `${duration(Number(window_ms))}` : `a calendar ${textOf(calendar)}`;
  return `${textOf(impressions)} impressions in ${span}`;
}
