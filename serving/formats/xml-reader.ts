/** An element as it was read. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  /** All text directly in it, references resolved. */
  text: string;
}

export interface XmlBounds {
  readonly depth: number;
  readonly elements: number;
}

const foreign = /[\ud800-\udbff][\udc00-\udfff]|[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/g;
const declaration = /^\ufeff?\s*(?:<\?xml\s[^?<>]{0,200}\?>)?/;
const nameForm = /[A-Za-z_][\w.:-]*/y;
const attributeForm = /\s+([A-Za-z_][\w.:-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const tagEnd = /\s*(\/?)>/y;
const reference = /&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([0-9A-Fa-f]{1,6}));/g;
const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * Reads the XML of a stranger: elements, attributes, text, CDATA, comments and the five named references. A document type, an entity of one's own, a
 * processing instruction, or anything that is not well formed or beyond the bounds gives null.
 */
export function readXml(text: string, bounds: XmlBounds): XmlElement | null {
  if ((text.match(foreign) ?? []).some(({ length }) => length === 1)) return null;
  try {
    return new Reader(text, bounds).read();
  } catch (error) {
    if (error instanceof NotXml) return null;
    throw error;
  }
}

class NotXml extends Error {}

function refuse(): never {
  throw new NotXml();
}

class Reader {
  readonly #text: string;
  readonly #bounds: XmlBounds;
  readonly #open: XmlElement[] = [];
  #root: XmlElement | null = null;
  #at: number;
  #elements = 0;

  constructor(text: string, bounds: XmlBounds) {
    this.#text = text;
    this.#bounds = bounds;
    this.#at = declaration.exec(text)?.[0].length ?? 0;
  }

  read(): XmlElement {
    while (this.#at < this.#text.length) this.#step();
    return this.#open.length > 0 ? refuse() : (this.#root ?? refuse());
  }

  #step(): void {
    const text = this.#text;
    if (text[this.#at] !== '<') {
      const end = text.indexOf('<', this.#at);
      this.#write(resolved(this.#until(end === -1 ? text.length : end, 0)));
    } else if (text.startsWith('<!--', this.#at)) {
      this.#at += 4;
      this.#until(text.indexOf('-->', this.#at), 3);
    } else if (text.startsWith('<![CDATA[', this.#at)) {
      this.#at += 9;
      this.#write(this.#until(text.indexOf(']]>', this.#at), 3), true);
    } else if (text[this.#at + 1] === '/') this.#close();
    else this.#begin();
  }

  /** The text up to there; goes on behind it. */
  #until(end: number, skipped: number): string {
    if (end === -1) refuse();
    const found = this.#text.slice(this.#at, end);
    this.#at = end + skipped;
    return found;
  }

  #write(text: string, isData = false): void {
    const inside = this.#open.at(-1);
    if (inside !== undefined) inside.text += text;
    else if (isData || text.trim() !== '') refuse();
  }

  #begin(): void {
    this.#at += 1;
    const name = this.#match(nameForm)[0];
    const attributes = new Map<string, string>();
    for (let found = this.#find(attributeForm); found !== null; found = this.#find(attributeForm)) {
      const key = found[1] as string;
      if (attributes.has(key)) refuse();
      attributes.set(key, resolved(found[2] ?? found[3] ?? ''));
    }
    const isEmpty = this.#match(tagEnd)[1] === '/';
    this.#add({ name, attributes, children: [], text: '' }, isEmpty);
  }

  #add(element: XmlElement, isEmpty: boolean): void {
    this.#elements += 1;
    const parent = this.#open.at(-1);
    if (this.#elements > this.#bounds.elements || this.#open.length >= this.#bounds.depth) refuse();
    if (parent !== undefined) parent.children.push(element);
    else if (this.#root === null) this.#root = element;
    else refuse();
    if (!isEmpty) this.#open.push(element);
  }

  #close(): void {
    this.#at += 2;
    const name = this.#match(nameForm)[0];
    if (this.#match(tagEnd)[1] === '/' || this.#open.pop()?.name !== name) refuse();
  }

  #find(form: RegExp): RegExpExecArray | null {
    form.lastIndex = this.#at;
    const found = form.exec(this.#text);
    if (found !== null) this.#at += found[0].length;
    return found;
  }

  #match(form: RegExp): RegExpExecArray {
    return this.#find(form) ?? refuse();
  }
}

function resolved(text: string): string {
  if (!text.includes('&')) return text;
  let known = 0;
  const plain = text.replace(reference, (_whole, name?: string, decimal?: string, hex?: string) => {
    known += 1;
    return name === undefined
      ? character(decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal))
      : (named[name] as string);
  });
  return text.split('&').length - 1 === known ? plain : refuse();
}

function character(code: number): string {
  const isAllowed =
    code === 9 || code === 10 || code === 13 || (code >= 0x20 && code <= 0xd7ff) || (code >= 0xe000 && code <= 0xfffd);
  return isAllowed || (code >= 0x10000 && code <= 0x10ffff) ? String.fromCodePoint(code) : refuse();
}
