/** A field of an object: what it must be, and whether it must be there. */
type Rule = (value: unknown, path: string) => string[];
interface Shape {
  readonly [field: string]: { readonly rule: Rule; readonly required?: true };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function object(shape: Shape): Rule {
  return (value, path) => {
    if (!isObject(value)) return [`${path} is no object`];
    const unknown = Object.keys(value).filter((field) => shape[field] === undefined && field !== 'ext');
    const missing = Object.keys(shape).filter((field) => shape[field]?.required && value[field] === undefined);
    return [
      ...unknown.map((field) => `${path}.${field} is in no table`),
      ...missing.map((field) => `${path}.${field} is missing`),
      ...Object.entries(value).flatMap(([field, given]) => shape[field]?.rule(given, `${path}.${field}`) ?? []),
    ];
  };
}

function list(rule: Rule, least = 0): Rule {
  return (value, path) => {
    if (!Array.isArray(value) || value.length < least) return [`${path} is no list of at least ${least}`];
    return value.flatMap((item, index) => rule(item, `${path}[${index}]`));
  };
}

const text: Rule = (value, path) => (typeof value === 'string' ? [] : [`${path} is no text`]);
const whole: Rule = (value, path) => (Number.isInteger(value) ? [] : [`${path} is no integer`]);
const flag: Rule = (value, path) => (value === 0 || value === 1 ? [] : [`${path} is neither 0 nor 1`]);
const positive: Rule = (value, path) =>
  Number.isInteger(value) && (value as number) > 0 ? [] : [`${path} is not > 0`];
/** By RFC 3986: nothing but its characters, every percent sign a code. Macros of players in brackets are let through. */
const url: Rule = (value, path) => {
  const plain = typeof value === 'string' ? value.replace(/\[[A-Z][A-Z0-9_]*\]/g, 'x') : '';
  const isUrl = /^https?:\/\/(\[[0-9a-f:.]+\]|[^/?#[\]])+([/?#]([-\w.~:/?#@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)?$/.test(
    plain,
  );
  return isUrl && URL.canParse(plain) ? [] : [`${path} is no URL: ${String(value)}`];
};

const link = object({
  url: { rule: url, required: true },
  clicktrackers: { rule: list(url) },
  fallback: { rule: url },
});
const assetKinds = ['title', 'img', 'video', 'data', 'link'];
const asset: Rule = (value, path) => {
  const kinds = isObject(value) ? assetKinds.filter((kind) => kind !== 'link' && value[kind] !== undefined) : [];
  return [
    // "There must be one and only one": §5.2.
    ...(kinds.length === 1 ? [] : [`${path} has ${kinds.length} kinds`]),
    ...object({
      id: { rule: whole, required: true },
      required: { rule: flag },
      title: { rule: object({ text: { rule: text, required: true }, len: { rule: positive } }) },
      img: {
        rule: object({
          type: { rule: positive },
          url: { rule: url, required: true },
          w: { rule: positive },
          h: { rule: positive },
        }),
      },
      data: {
        rule: object({ type: { rule: positive }, len: { rule: positive }, value: { rule: text, required: true } }),
      },
      video: { rule: object({ vasttag: { rule: text, required: true } }) },
      link: { rule: link },
    })(value, path),
  ];
};

/** OpenRTB Native 1.2, §5: the tables of the response. */
const response = object({
  ver: { rule: text },
  assets: { rule: list(asset, 1), required: true },
  link: { rule: link, required: true },
  imptrackers: { rule: list(url) },
  jstracker: { rule: text },
  eventtrackers: {
    rule: list(
      object({
        event: { rule: positive, required: true },
        method: { rule: positive, required: true },
        url: { rule: url },
        customdata: { rule: object({}) },
      }),
    ),
  },
  privacy: { rule: url },
});

/** What a native markup breaks of the specification's rules. */
export function faultsOfNative(markup: string): string[] {
  const value = JSON.parse(markup) as unknown;
  const assets = isObject(value) && Array.isArray(value['assets']) ? (value['assets'] as { id?: unknown }[]) : [];
  const ids = assets.map(({ id }) => id);
  return [...response(value, ''), ...(new Set(ids).size === ids.length ? [] : ['two assets have one id'])];
}
