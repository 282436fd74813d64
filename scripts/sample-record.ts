/** The part of Avro that our schemas use, parsed. */
type Schema =
  | string
  | readonly Schema[]
  | {
      readonly type: string;
      readonly name?: string;
      readonly symbols?: readonly string[];
      readonly items?: Schema;
      readonly values?: Schema;
      readonly fields?: readonly { readonly name: string; readonly type: Schema }[];
    };

/** `full`: every optional value and one or two items in every list; `bare`: null and empty wherever the schema allows it. */
export type SampleVariant = 'full' | 'bare';

/**
 * A record that fits a schema, the same at every call. Strings name their field with a letter of two and one of three bytes in UTF-8; numbers need
 * more than one byte.
 */
export function sampleRecord(schema: unknown, variant: SampleVariant): unknown {
  return new Sampler(variant).value(schema as Schema, 'record');
}

class Sampler {
  readonly #named = new Map<string, Schema>();
  readonly #variant: SampleVariant;
  #count = 0;

  constructor(variant: SampleVariant) {
    this.#variant = variant;
  }

  value(schema: Schema, field: string): unknown {
    if (typeof schema === 'string') return this.#primitive(schema, field);
    if (Array.isArray(schema)) return this.#union(schema as readonly Schema[], field);
    const part = schema as Exclude<Schema, string | readonly Schema[]>;
    if (part.name !== undefined) this.#named.set(`adtally.${part.name}`, part);
    const full = this.#variant === 'full';
    switch (part.type) {
      case 'record':
        return Object.fromEntries((part.fields ?? []).map(({ name, type }) => [name, this.value(type, name)]));
      case 'enum':
        return full ? part.symbols?.at(-1) : part.symbols?.[0];
      case 'array':
        // Sampled even if then left out, so that types declared inside are known to later fields.
        return [this.value(part.items ?? 'null', field), this.value(part.items ?? 'null', field)].slice(
          0,
          full ? 2 : 0,
        );
      case 'map':
        return full ? { [`${field}-ä`]: this.value(part.values ?? 'null', field) } : {};
      default:
        return this.#primitive(part.type, field);
    }
  }

  #union(branches: readonly Schema[], field: string): unknown {
    const values = branches.map((branch) => (branch === 'null' ? null : this.value(branch, field)));
    return this.#variant === 'full'
      ? values.find((value) => value !== null)
      : (values.find((value) => value === null) ?? values[0]);
  }

  #primitive(type: string, field: string): unknown {
    this.#count += 1;
    const full = this.#variant === 'full';
    switch (type) {
      case 'string':
        return full ? `${field}-${this.#count}-ä€` : '';
      case 'int':
        return full ? 1_000_000 + this.#count : 0;
      case 'long':
        return full ? 1_790_000_000_000 + this.#count : 0;
      case 'double':
        return full ? this.#count + 0.25 : 0;
      case 'boolean':
        return full;
      case 'bytes':
        return Buffer.from(full ? [0, this.#count, 255] : []);
      default:
        return this.value(this.#declared(type), field);
    }
  }

  #declared(name: string): Schema {
    const schema = this.#named.get(name);
    if (schema === undefined) throw new Error(`no type ${name} was declared before it is used`);
    return schema;
  }
}
