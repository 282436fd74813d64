/** Each text once, however often it was decoded: records repeat the same few ids, and a run holds those of a whole shard in memory. */
export class Texts {
  private readonly known = new Map<string, string>();

  /** The same record, whose texts are shared with those that were seen before. */
  share<T extends object>(record: T): T {
    const fields = record as Record<string, unknown>;
    for (const [field, value] of Object.entries(fields)) if (typeof value === 'string') fields[field] = this.of(value);
    return record;
  }

  of(text: string): string {
    const known = this.known.get(text);
    if (known !== undefined) return known;
    this.known.set(text, text);
    return text;
  }
}
