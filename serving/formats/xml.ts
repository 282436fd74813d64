/** What XML 1.0 can't hold at all (§2.2): most controls, halves of surrogate pairs, and two characters that are none. */
const notXml = /[\ud800-\udbff][\udc00-\udfff]|[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/g;
const special = /[&<>"'\t\n\r]/g;
const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

const plainText = /^[-\w .,:;/?!()+]*$/;

/** A text for an element or an attribute; what XML can't hold becomes U+FFFD. */
export function xmlText(text: string): string {
  if (plainText.test(text)) return text;
  return text
    .replace(notXml, (found) => (found.length === 2 ? found : '\ufffd'))
    .replace(special, (found) => references[found] as string);
}

/**
 * `[NAME]` is a macro that the player fills, and players look for the brackets. Anything else that RFC 3986 does not know in a path, query or fragment is
 * percent-encoded, and a percent sign that begins no code, too.
 */
const foreign =
  /(\[[A-Z][A-Z0-9_]*\])|(^https?:\/\/\[[0-9A-Fa-f:.]+\])|%(?![0-9A-Fa-f]{2})|[\ud800-\udbff][\udc00-\udfff]|[^\x21-\x7e]|["<>\\^`{}|[\]]/g;

/** Nearly every URL, ours among them: nothing in it needs a second look. */
const plainUrl = /^[-\w.~:/?=&,;@!$'()*+]*$/;

/** A URL as `xs:anyURI` and every player take it. */
export function cleanUrl(url: string): string {
  if (plainUrl.test(url)) return url;
  const [before, ...fragments] = url.split('#');
  const one = fragments.length === 0 ? before : `${before}#${fragments.join('%23')}`;
  return (one as string).replace(foreign, (found, macro: string | undefined, host: string | undefined) =>
    macro !== undefined || host !== undefined ? found : encodeURIComponent(found.toWellFormed()),
  );
}

/** A URL as the content of an element. */
export function xmlUrl(url: string): string {
  return `<![CDATA[${cleanUrl(url)}]]>`;
}

/** Any text as the content of an element, readable: for HTML within XML. */
export function xmlData(text: string): string {
  const fit = text.replace(notXml, (found) => (found.length === 2 ? found : '\ufffd'));
  return `<![CDATA[${fit.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
}
