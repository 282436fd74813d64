import { SaxesParser } from 'saxes';

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

class NotXml extends Error {}

function refuse(): never {
  throw new NotXml();
}

/**
 * Reads the XML of a stranger: elements, attributes, text, CDATA, comments and the five named references. A document type, an entity of one's own, a
 * processing instruction, or anything that is not well formed or beyond the bounds gives null.
 */
export function readXml(text: string, bounds: XmlBounds): XmlElement | null {
  if (!text.isWellFormed()) return null;
  try {
    return treeOf(text.replace(/^\ufeff/, '').trimStart(), bounds);
  } catch (error) {
    if (error instanceof NotXml) return null;
    throw error;
  }
}

function treeOf(text: string, { depth, elements }: XmlBounds): XmlElement {
  const parser = new SaxesParser({ position: false, defaultXMLVersion: '1.0', forceXMLVersion: true });
  const open: XmlElement[] = [];
  let root: XmlElement | null = null;
  let count = 0;
  const write = (found: string): void => {
    const inside = open.at(-1);
    if (inside !== undefined) inside.text += found;
  };
  parser.on('error', refuse);
  parser.on('doctype', refuse);
  parser.on('processinginstruction', refuse);
  parser.on('text', write);
  parser.on('cdata', write);
  parser.on('opentag', ({ name, attributes }) => {
    count += 1;
    if (count > elements || open.length >= depth) refuse();
    const element: XmlElement = { name, attributes: new Map(Object.entries(attributes)), children: [], text: '' };
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on('closetag', () => void open.pop());
  parser.write(text).close();
  return root ?? refuse();
}
