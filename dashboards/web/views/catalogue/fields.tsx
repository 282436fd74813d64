import { createContext } from 'preact';
import type { ComponentChildren } from 'preact';
import { useContext, useId, useState } from 'preact/hooks';
import { useAnswer } from '../../answer.ts';
import { moment, textOf, words } from '../../format.ts';
import { microsOf, unitsOf } from './amount.ts';
import { type Entity, kinds } from './kinds.ts';
import {
  type Control,
  controlOf,
  emptyOf,
  type Fault,
  faultsAt,
  hintOf,
  isNullable,
  type Schema,
  titleOf,
} from './schema.ts';
import { expressionReading, readingOf, type Targeting } from './targeting-reading.ts';
import { instantOf, wallTime } from '../../zoned-time.ts';

/** What fields of a form know of the whole: what was refused, and in which currency and zone its amounts and times are. */
export interface FormContext {
  readonly faults: readonly Fault[];
  readonly currency: string;
  readonly zone: string;
}

export const FormFacts = createContext<FormContext>({ faults: [], currency: '', zone: 'UTC' });

interface FieldProps {
  readonly name: string;
  readonly path: string;
  readonly schema: Schema;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
}

/** Controls that hold fields of their own: their faults stand at those. */
const containers: readonly Control[] = ['object', 'objects', 'targeting'];

/** One field of an entity, as its schema says it is entered, with what was refused beside it. */
export function Field(props: FieldProps) {
  const control = controlOf(props.name, props.schema);
  if (containers.includes(control) || control === 'choices') return <Group {...props} control={control} />;
  return <Single {...props} control={control} />;
}

function Single({ control, ...props }: FieldProps & { readonly control: Control }) {
  const { name, path, schema } = props;
  const { currency, zone } = useContext(FormFacts);
  const id = useId();
  const faults = useFaults(path, true);
  const unit = control === 'money' ? currency : control === 'time' ? zone : '';
  const Input = inputs[control] ?? TextInput;
  return (
    <div class={`field ${control}`}>
      <label for={id}>
        {titleOf(name)}
        {unit === '' ? null : ` (${unit})`}
      </label>
      <Input {...props} id={id} isWrong={faults.length > 0} />
      <Faults id={`${id}-faults`} faults={faults} />
      <Hint text={hintOf(name, schema)} />
    </div>
  );
}

function Group({ control, ...props }: FieldProps & { readonly control: Control }) {
  const { name, path, schema, value, onChange } = props;
  const isAbsent = isNullable(schema) && value === null;
  const faults = useFaults(path, isAbsent || control === 'choices');
  const Content = groups[control] ?? ObjectFields;
  return (
    <fieldset class="field group">
      <legend>{titleOf(name)}</legend>
      {control === 'targeting' ? null : <Hint text={hintOf(name, schema)} />}
      {isNullable(schema) ? (
        <label class="check">
          <input
            type="checkbox"
            checked={!isAbsent}
            onChange={({ currentTarget: { checked } }) =>
              onChange(checked ? emptyOf({ ...schema, type: 'object' }) : null)
            }
          />
          Set
        </label>
      ) : null}
      {isAbsent ? null : <Content {...props} />}
      <Faults id={`${path}-faults`} faults={faults} />
    </fieldset>
  );
}

function Hint({ text }: { readonly text: string }) {
  return text === '' ? null : <p class="hint">{text}</p>;
}

function useFaults(path: string, within: boolean): readonly Fault[] {
  return faultsAt(useContext(FormFacts).faults, path, within);
}

function Faults({ id, faults }: { readonly id: string; readonly faults: readonly Fault[] }) {
  if (faults.length === 0) return null;
  return (
    <p class="fault" id={id} role="alert">
      {faults.map(({ path, detail }) => (
        <span key={`${path} ${detail}`}>
          <code>{path}</code> {detail.startsWith(`${path} `) ? detail.slice(path.length + 1) : detail}
        </span>
      ))}
    </p>
  );
}

interface InputProps extends FieldProps {
  readonly id: string;
  readonly isWrong: boolean;
}

/** For a screen reader: whether it was refused, and by which sentence. */
function stateOf({ id, isWrong }: InputProps) {
  return { id, ...(isWrong && { 'aria-invalid': true, 'aria-describedby': `${id}-faults` }) };
}

function TextInput(props: InputProps) {
  const { value, onChange, schema } = props;
  return (
    <input
      {...stateOf(props)}
      value={textOf(value)}
      autocomplete="off"
      onInput={({ currentTarget }) =>
        onChange(currentTarget.value === '' && isNullable(schema) ? null : currentTarget.value)
      }
    />
  );
}

/** What is at most so long gets a few lines. */
const shortText = 5_000;

function LongInput(props: InputProps) {
  const { value, onChange, schema } = props;
  return (
    <textarea
      {...stateOf(props)}
      class="mono"
      rows={(schema.maxLength ?? 0) > shortText ? 10 : 3}
      spellcheck={false}
      value={textOf(value)}
      onInput={({ currentTarget }) => onChange(currentTarget.value)}
    />
  );
}

function ChoiceInput(props: InputProps) {
  const { value, onChange, schema } = props;
  return (
    <select {...stateOf(props)} value={textOf(value)} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
      {(schema.enum ?? []).map((one) => (
        <option key={one} value={one}>
          {one === '' ? 'none' : words(one)}
        </option>
      ))}
    </select>
  );
}

const offeredParents = 500;

/** What it belongs to, by name; where there are too many for a list, by id. */
function ParentInput(props: InputProps) {
  const { name, value, onChange } = props;
  const kind = kinds.find(({ idField }) => idField === name);
  const answer = useAnswer<{ items: readonly Entity[]; next_cursor: string | null }>(
    kind === undefined ? null : `/v1/${kind.path}?limit=${offeredParents}`,
  );
  const { data, error } = answer;
  const isOffered = error === null && (data === null || data.next_cursor === null);
  if (!isOffered || kind === undefined) return <TextInput {...props} />;
  const items = data?.items ?? [];
  const ids = items.map((item) => textOf(item[kind.idField]));
  return (
    <select {...stateOf(props)} value={textOf(value)} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
      {ids.includes(textOf(value)) ? null : <option value={textOf(value)}>{textOf(value) || 'Choose …'}</option>}
      {items.map((item, index) => (
        <option key={ids[index]} value={ids[index]}>
          {textOf(item['name'])} ({ids[index]})
        </option>
      ))}
    </select>
  );
}

function FlagInput(props: InputProps) {
  const { value, onChange } = props;
  return (
    <input
      {...stateOf(props)}
      type="checkbox"
      checked={value === true}
      onChange={({ currentTarget }) => onChange(currentTarget.checked)}
    />
  );
}

/** What is no number is sent as it stands: the console says what is wrong with it. */
function numberOf(text: string): unknown {
  return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
}

function NumberInput(props: InputProps) {
  const { value, onChange } = props;
  const [text, setText] = useState(textOf(value));
  return (
    <input
      {...stateOf(props)}
      inputMode="numeric"
      autocomplete="off"
      value={text}
      onInput={({ currentTarget }) => {
        setText(currentTarget.value);
        onChange(numberOf(currentTarget.value));
      }}
    />
  );
}

function MoneyInput(props: InputProps) {
  const { value, onChange, schema } = props;
  const [text, setText] = useState(unitsOf(value));
  const micros = microsOf(text);
  const isEmpty = text.trim() === '' && isNullable(schema);
  return (
    <>
      <input
        {...stateOf(props)}
        inputMode="decimal"
        autocomplete="off"
        value={text}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
          const isNone = currentTarget.value.trim() === '' && isNullable(schema);
          onChange(isNone ? null : (microsOf(currentTarget.value) ?? currentTarget.value));
        }}
      />
      <output class={micros === null && !isEmpty ? 'hint wrong' : 'hint'} for={props.id}>
        {isEmpty
          ? 'None.'
          : micros === null
            ? 'Digits and a point, with at most six decimals.'
            : `${BigInt(micros).toLocaleString('en')} micros`}
      </output>
    </>
  );
}

function TimeInput(props: InputProps) {
  const { value, onChange } = props;
  const { zone } = useContext(FormFacts);
  const text = textOf(value);
  const isTime = !Number.isNaN(Date.parse(text));
  return (
    <>
      <input
        {...stateOf(props)}
        type="datetime-local"
        step="1"
        value={wallTime(text, zone)}
        onInput={({ currentTarget }) => onChange(instantOf(currentTarget.value, zone) ?? '')}
      />
      <output class="hint" for={props.id}>
        {isTime ? `${moment(new Date(text).toISOString())} UTC` : 'No time yet.'}
      </output>
    </>
  );
}

/** A list in one line, joined by commas. */
function ListInput(props: InputProps) {
  const { value, onChange, schema } = props;
  const [text, setText] = useState(Array.isArray(value) ? value.join(', ') : textOf(value));
  const isNumeric = schema.items?.type === 'integer';
  return (
    <input
      {...stateOf(props)}
      autocomplete="off"
      value={text}
      onInput={({ currentTarget }) => {
        setText(currentTarget.value);
        const parts = currentTarget.value
          .split(',')
          .map((part) => part.trim())
          .filter((part) => part !== '');
        onChange(isNumeric ? parts.map(numberOf) : parts);
      }}
    />
  );
}

const inputs: Readonly<Partial<Record<Control, (props: InputProps) => ComponentChildren>>> = {
  long: LongInput,
  choice: ChoiceInput,
  flag: FlagInput,
  number: NumberInput,
  money: MoneyInput,
  parent: ParentInput,
  time: TimeInput,
  list: ListInput,
};

function ObjectFields({ path, schema, value, onChange }: FieldProps) {
  const fields = (value ?? {}) as Readonly<Record<string, unknown>>;
  return (
    <div class="fields">
      {Object.entries(schema.properties ?? {}).map(([name, property]) => (
        <Field
          key={name}
          name={name}
          path={path === '' ? name : `${path}.${name}`}
          schema={property}
          value={fields[name] ?? emptyOf(property)}
          onChange={(changed) => onChange({ ...fields, [name]: changed })}
        />
      ))}
    </div>
  );
}

/** The fields of a whole entity. */
export function Fields(props: Omit<FieldProps, 'name' | 'path'>) {
  return <ObjectFields {...props} name="" path="" />;
}

let keyed = 0;

function ObjectList({ name, path, schema, value, onChange }: FieldProps) {
  const items = (Array.isArray(value) ? value : []) as readonly unknown[];
  // Items have no names of their own; without keys the text of a removed one would stay behind in the next one's inputs.
  const [keys, setKeys] = useState(() => items.map(() => (keyed += 1)));
  const one = schema.items ?? {};
  const change = (index: number, changed: unknown) =>
    onChange(items.map((item, at) => (at === index ? changed : item)));
  return (
    <>
      {items.map((item, index) => (
        <fieldset class="item" key={keys[index]}>
          <legend>
            {titleOf(name)} {index + 1}
          </legend>
          <ObjectFields
            name=""
            path={`${path}[${index}]`}
            schema={one}
            value={item}
            onChange={(changed) => change(index, changed)}
          />
          <button
            type="button"
            class="plain"
            onClick={() => {
              setKeys(keys.filter((_, at) => at !== index));
              onChange(items.filter((_, at) => at !== index));
            }}
          >
            Remove {titleOf(name).toLowerCase()} {index + 1}
          </button>
        </fieldset>
      ))}
      <button
        type="button"
        class="quiet"
        onClick={() => {
          setKeys([...keys, (keyed += 1)]);
          onChange([...items, emptyOf(one)]);
        }}
      >
        Add to {titleOf(name).toLowerCase()}
      </button>
    </>
  );
}

function Choices({ schema, value, onChange }: FieldProps) {
  const chosen = (Array.isArray(value) ? value : []) as readonly string[];
  return (
    <div class="checks">
      {(schema.items?.enum ?? []).map((one) => (
        <label class="check" key={one}>
          <input
            type="checkbox"
            checked={chosen.includes(one)}
            onChange={({ currentTarget: { checked } }) =>
              onChange(checked ? [...chosen, one] : chosen.filter((other) => other !== one))
            }
          />
          {one}
        </label>
      ))}
    </div>
  );
}

/** The expression with what it means; the lists behind it, open where they say something. */
function TargetingFields({ path, schema, value, onChange }: FieldProps) {
  const { faults } = useContext(FormFacts);
  const targeting = (value ?? {}) as Targeting;
  const { expression, ...lists } = schema.properties ?? {};
  const isRefused = faults.some((fault) => fault.path.startsWith(`${path}.`) && fault.path !== `${path}.expression`);
  const [isOpen] = useState(() => readingOf({ ...targeting, expression: '' }).length > 0);
  const read = expressionReading(textOf(targeting['expression']));
  return (
    <>
      <Reading targeting={targeting} />
      <Field
        name="expression"
        path={`${path}.expression`}
        schema={{
          ...expression,
          description: 'As country in (DE, AT) and not (device = tv or kv.section = sport). It must hold as well.',
          maxLength: 4_000,
        }}
        value={targeting['expression'] ?? ''}
        onChange={(changed) => onChange({ ...targeting, expression: changed })}
      />
      {'fault' in read ? <p class="hint wrong">It can’t be read: {read.fault}.</p> : null}
      <details open={isOpen || isRefused}>
        <summary>Lists, keys and hours</summary>
        <Hint text={hintOf('', schema)} />
        <ObjectFields name="" path={path} schema={{ properties: lists }} value={targeting} onChange={onChange} />
      </details>
    </>
  );
}

/** Whom a targeting reaches, in words. */
export function Reading({ targeting }: { readonly targeting: Targeting }) {
  const conditions = readingOf(targeting);
  if (conditions.length === 0) return <p class="reading">Everybody: no condition is set.</p>;
  return (
    <div class="reading">
      <p>Only where</p>
      <ul>
        {conditions.map((condition, index) => (
          <li key={condition}>
            {index === 0 ? '' : 'and '}
            {condition}
          </li>
        ))}
      </ul>
    </div>
  );
}

const groups: Readonly<Partial<Record<Control, (props: FieldProps) => ComponentChildren>>> = {
  object: ObjectFields,
  objects: ObjectList,
  choices: Choices,
  targeting: TargetingFields,
};
