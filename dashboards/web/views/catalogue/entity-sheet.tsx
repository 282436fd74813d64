import { useState } from 'preact/hooks';
import { useAnswer } from '../../answer.ts';
import { moment, textOf, words } from '../../format.ts';
import { loadNames } from '../../names.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { Name } from '../../parts/links.tsx';
import { Badge, Problem, Section, Shown } from '../../parts/states.tsx';
import { writePlace } from '../../place.ts';
import { ask, session } from '../../session.ts';
import { changesOf, type Entity, givenFields, type Kind, kinds } from './kinds.ts';

/** One entity: its fields, what belongs to it, and what may be done with it. */
export function EntitySheet({ id, kind }: { readonly id: string; readonly kind: Kind }) {
  const answer = useAnswer<Entity>(`/v1/${kind.path}/${encodeURIComponent(id)}`);
  return (
    <Shown answer={answer} what={`the ${kind.one}`}>
      {(entity) => <Sheet key={textOf(entity['revision'])} id={id} kind={kind} entity={entity} again={answer.again} />}
    </Shown>
  );
}

interface SheetProps {
  readonly id: string;
  readonly kind: Kind;
  readonly entity: Entity;
  readonly again: () => void;
}

function mayChange(kind: Kind): boolean {
  const { role, advertiser_id } = session.value ?? { role: '', advertiser_id: null };
  const isOfMarket = kind.path === 'publishers' || kind.path === 'placements';
  return role === 'admin' || (role === 'trafficker' && (!isOfMarket || advertiser_id === null));
}

function Sheet({ id, kind, entity, again }: SheetProps) {
  const [error, setError] = useState<unknown>(null);
  const [isArchiving, setArchiving] = useState(false);
  const isArchived = entity['archived'] === true;
  const isPaused = entity['status'] === 'paused';
  const mayEdit = mayChange(kind) && !isArchived;
  const change = async (body: Record<string, unknown>) => {
    // The revision that was looked at: what somebody else changed meanwhile is not overwritten.
    const headers = { 'if-match': `"${textOf(entity['revision'])}"` };
    await ask(`/v1/${kind.path}/${encodeURIComponent(id)}`, { method: 'PATCH', body, headers });
    again();
    loadNames().catch(() => undefined);
  };
  const attempt = (body: Record<string, unknown>) => {
    setError(null);
    change(body).catch(setError);
  };
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
              <button type="button" class="quiet" onClick={() => attempt({ status: isPaused ? 'active' : 'paused' })}>
                {isPaused ? 'Activate' : 'Pause'}
              </button>
              <button type="button" class="quiet" onClick={() => setArchiving(true)}>
                Archive …
              </button>
            </>
          ) : null}
        </>
      }
    >
      {isArchiving ? (
        <Confirm
          title={`Archive ${textOf(entity['name'])}?`}
          act="Archive it"
          onAct={() => change({ archived: true })}
          onClose={() => setArchiving(false)}
        >
          <p>It is not chosen any more, for ever; it stays in the history, and what it has spent stays as it is.</p>
          <p class="note">
            The change is written to the log with your key’s name, {session.value?.name}, and the time.
          </p>
        </Confirm>
      ) : null}
      {error === null ? null : <Problem error={error} />}
      <dl class="facts">
        {Object.entries(entity).map(([field, value]) => (
          <div key={field}>
            <dt>{words(field)}</dt>
            <dd>
              {field !== kind.idField && field.endsWith('_id') && typeof value === 'string' ? (
                <a href={writePlace({ view: 'catalogue', id: value })}>
                  <Name id={value} />
                </a>
              ) : (
                <span class="mono">{value === null ? '–' : textOf(value)}</span>
              )}
            </dd>
          </div>
        ))}
      </dl>
      <p class="note">
        {kinds
          .filter(({ parent }) => parent === kind.idField)
          .map(({ path, title }) => (
            <a key={path} href={writePlace({ view: 'catalogue', params: { kind: path, of: id } })}>
              Its {title.toLowerCase()}
            </a>
          ))}
      </p>
      {mayEdit ? <Edit entity={entity} kind={kind} change={change} /> : null}
    </Section>
  );
}

interface EditProps {
  readonly entity: Entity;
  readonly kind: Kind;
  readonly change: (body: Record<string, unknown>) => Promise<void>;
}

function Edit({ entity, kind, change }: EditProps) {
  const { [kind.parent ?? '']: _parent, ...before } = givenFields(entity, kind);
  const [text, setText] = useState(JSON.stringify(before, null, 2));
  const [error, setError] = useState<unknown>(null);
  const save = async (event: Event) => {
    event.preventDefault();
    setError(null);
    try {
      await change(changesOf(before, text));
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <details>
      <summary>Edit</summary>
      <form onSubmit={(event) => void save(event)}>
        <label for="fields">Fields as JSON; what you change is sent, what you leave out stays as it is</label>
        <textarea
          id="fields"
          class="mono sql"
          rows={14}
          spellcheck={false}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        {error === null ? null : <Problem error={error} />}
        <div class="actions">
          <button type="submit">Save a new revision</button>
        </div>
      </form>
    </details>
  );
}
