import { place, setParams } from '../location.ts';

export interface ChoiceProps {
  readonly label: string;
  /** Parameter of the address that holds it. */
  readonly param: string;
  readonly options: readonly { readonly value: string; readonly title: string }[];
  /** What it is when the address does not say. */
  readonly usual: string;
  /** Parameters that mean nothing once this one changes. */
  readonly clears?: readonly string[];
}

/** A choice that the address carries. */
export function Choice({ label, param, options, usual, clears = [] }: ChoiceProps) {
  const value = place.value.params[param] ?? usual;
  const known = options.some((option) => option.value === value);
  return (
    <label class="choice">
      <span>{label}</span>
      <select
        value={value}
        onChange={({ currentTarget }) => {
          const chosen = currentTarget.value;
          setParams({
            ...Object.fromEntries(clears.map((name) => [name, null])),
            [param]: chosen === usual ? null : chosen,
          });
        }}
      >
        {known ? null : <option value={value}>{value}</option>}
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.title}
          </option>
        ))}
      </select>
    </label>
  );
}

export const windows = [
  { value: '15m', title: '15 minutes' },
  { value: '1h', title: '1 hour' },
  { value: '24h', title: '24 hours' },
  { value: '7d', title: '7 days' },
  { value: '30d', title: '30 days' },
] as const;
export const usualWindow = '24h';

export function WindowChoice() {
  return <Choice label="Window" param="window" options={windows} usual={usualWindow} />;
}
