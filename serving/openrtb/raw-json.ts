declare global {
  interface JSON {
    /** ECMAScript's JSON.parse source text access: a piece of JSON that `stringify` writes as it is. */
    rawJSON(text: string): RawJson;
  }
}

export interface RawJson {
  readonly rawJSON: string;
}

/** A decimal as a JSON number, digit by digit as it is given. */
export function numberAsWritten(decimal: string): RawJson {
  return JSON.rawJSON(decimal);
}
