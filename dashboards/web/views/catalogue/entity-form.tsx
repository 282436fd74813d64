import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { textOf, words } from '../../format.ts';
import { names } from '../../names.ts';
import { Problem } from '../../parts/states.tsx';
import { ask, Refusal } from '../../session.ts';
import { type Crossed, crossedOf } from './differences.ts';
import { Fields, type FormContext, FormFacts } from './fields.tsx';
import type { Entity, Kind } from './kinds.ts';
import { emptyOf, type Fault, type KindSchemas, type Schema } from './schema.ts';
import { knownZone } from '../../zoned-time.ts';

export interface CreationProps {
  readonly kind: Kind;
  readonly schemas: KindSchemas;
  /** What it belongs to, where that is known already. */
  readonly parentId: string | null;
  readonly onDone: (made: Entity) => void;
  readonly onClose: () => void;
}

/** A new entity, field by field. */
export function CreationForm({ kind, schemas, parentId, onDone, onClose }: CreationProps) {
  const { creation } = schemas;
  const [draft, setDraft] = useState(() => ({
    ...(emptyOf(creation) as Entity),
    ...(kind.parent !== null && parentId !== null && { [kind.parent]: parentId }),
  }));
  // Sent again after a lost answer, it is made once.
  const [idempotencyKey, setKey] = useState(randomKey);
  const send = async () => {
    try {
      onDone(await ask<Entity>(`/v1/${kind.path}`, { body: draft, headers: { 'idempotency-key': idempotencyKey } }));
    } catch (error) {
      // What was refused was not made: another body may follow, under another key.
      if (error instanceof Refusal && error.status !== 0) setKey(randomKey());
      throw error;
    }
  };
  return (
    <EntityForm
      title={`New ${kind.one}`}
      act={`Create the ${kind.one}`}
      schema={creation}
      draft={draft}
      onDraft={setDraft}
      onSend={send}
      onClose={onClose}
    />
  );
}

export interface EditProps {
  readonly kind: Kind;
  readonly schemas: KindSchemas;
  /** As the reader saw it when the form was opened. */
  readonly entity: Entity;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

/** An entity's changeable fields; only what differs is sent, on the revision that was looked at. */
export function EditForm({ kind, schemas, entity, onDone, onClose }: EditProps) {
  const schema = useMemo(() => changeable(schemas.change), [schemas]);
  const [base, setBase] = useState(entity);
  const [draft, setDraft] = useState<Entity>(() => pick(entity, schema));
  const [theirs, setTheirs] = useState<Entity | null>(null);
  const path = `/v1/${kind.path}/${encodeURIComponent(textOf(entity[kind.idField]))}`;
  const mine = changesOf(base, draft);
  const sendOn = async (revision: unknown) => {
    const headers = { 'if-match': `"${textOf(revision)}"` };
    try {
      await ask(path, { method: 'PATCH', body: mine, headers });
      onDone();
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== 'REVISION_CONFLICT') throw error;
      setTheirs(await ask<Entity>(path));
    }
  };
  if (theirs !== null) {
    return (
      <ConflictSheet
        crossed={crossedOf(base, mine, theirs)}
        theirs={theirs}
        onMine={() => {
          // Shown anew with mine on top of theirs, so that nothing is sent that was not looked at.
          setBase(theirs);
          setDraft({ ...pick(theirs, schema), ...mine });
          setTheirs(null);
        }}
        onTheirs={onDone}
        onClose={onClose}
      />
    );
  }
  return (
    <EntityForm
      key={textOf(base['revision'])}
      title={`Edit ${textOf(entity['name'])}`}
      act={`Save as revision ${Number(base['revision']) + 1}`}
      schema={schema}
      draft={draft}
      onDraft={setDraft}
      onSend={async () => {
        if (Object.keys(mine).length === 0) throw new Error('Nothing was changed.');
        await sendOn(base['revision']);
      }}
      onClose={onClose}
      context={base}
    />
  );
}

function changeable({ properties = {} }: Schema): Schema {
  return { properties: Object.fromEntries(Object.entries(properties).filter(([name]) => name !== 'archived')) };
}

function pick(entity: Entity, { properties = {} }: Schema): Entity {
  return Object.fromEntries(Object.keys(properties).map((name) => [name, entity[name]]));
}

function changesOf(base: Entity, draft: Entity): Entity {
  return Object.fromEntries(
    Object.entries(draft).filter(([name, value]) => JSON.stringify(base[name]) !== JSON.stringify(value)),
  );
}

interface FormProps {
  readonly title: string;
  readonly act: string;
  readonly schema: Schema;
  readonly draft: Entity;
  readonly onDraft: (draft: Entity) => void;
  readonly onSend: () => Promise<void>;
  readonly onClose: () => void;
  /** An entity that says more than the draft: whose it is, its currency. */
  readonly context?: Entity;
}

function EntityForm({ title, act, schema, draft, onDraft, onSend, onClose, context = {} }: FormProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [error, setError] = useState<unknown>(null);
  const [isSending, setSending] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);
  const faults: readonly Fault[] = error instanceof Refusal ? error.faults : [];
  useEffect(() => {
    dialog.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
  }, [error]);
  const submit = async (event: Event) => {
    event.preventDefault();
    setError(null);
    setSending(true);
    try {
      await onSend();
    } catch (failure) {
      setError(failure);
    } finally {
      setSending(false);
    }
  };
  return (
    <dialog ref={dialog} class="roomy" aria-labelledby="form-title" onClose={onClose}>
      <form class="entity" onSubmit={(event) => void submit(event)} noValidate>
        <h2 id="form-title">{title}</h2>
        <FormFacts.Provider value={factsOf({ ...context, ...draft }, faults)}>
          <Fields schema={schema} value={draft} onChange={(changed) => onDraft(changed as Entity)} />
        </FormFacts.Provider>
        {error === null ? null : <Problem error={error} />}
        <div class="actions">
          <button type="button" class="quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" disabled={isSending}>
            {act}
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** Currency and zone of an entity, by the advertiser that it belongs to as far as the names tell. */
export function factsOf(entity: Entity, faults: readonly Fault[] = []): FormContext {
  const campaign = names.value.get(textOf(entity['campaign_id']));
  const owner = names.value.get(textOf(entity['advertiser_id'] ?? campaign?.advertiser_id));
  const currency = textOf(entity['floor_currency'] ?? entity['currency'] ?? owner?.currency);
  return { faults, currency, zone: knownZone(owner?.time_zone) };
}

interface ConflictProps {
  readonly crossed: readonly Crossed[];
  readonly theirs: Entity;
  readonly onMine: () => void;
  readonly onTheirs: () => void;
  readonly onClose: () => void;
}

/** Somebody else was first: what was read, what they made of it, and what would have been sent. */
function ConflictSheet({ crossed, theirs, onMine, onTheirs, onClose }: ConflictProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const cell = (value: unknown) => (value === null || value === '' ? '–' : textOf(value));
  return (
    <dialog ref={dialog} class="roomy" aria-labelledby="conflict-title" onClose={onClose}>
      <div class="entity">
        <h2 id="conflict-title">It was changed while you were editing</h2>
        <p>
          {textOf(theirs['changed_by'])} saved revision {textOf(theirs['revision'])}. Nothing of yours was written.{' '}
          <code>REVISION_CONFLICT</code>
        </p>
        <div class="scroll" tabIndex={0} role="group" aria-label="Both versions">
          <table>
            <thead>
              <tr>
                <th scope="col">Field</th>
                <th scope="col">As you opened it</th>
                <th scope="col">Theirs, as it is now</th>
                <th scope="col">Yours</th>
              </tr>
            </thead>
            <tbody>
              {crossed.map(({ field, before, theirs: now, after }) => (
                <tr key={field}>
                  <th scope="row">{words(field)}</th>
                  <td class="value">{cell(before)}</td>
                  <td class="value">{cell(now)}</td>
                  <td class="value">{cell(after)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <div class="actions">
          <button type="button" class="quiet" onClick={onTheirs}>
            Drop mine
          </button>
          <button type="button" onClick={onMine}>
            Put mine on top of theirs
          </button>
        </div>
      </div>
    </dialog>
  );
}

/** `crypto.randomUUID` is missing where the console is reached without TLS from another machine. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
