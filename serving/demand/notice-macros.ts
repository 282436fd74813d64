/** Values of the substitution macros of OpenRTB 2.6, section 4.4. */
export interface AuctionMacros {
  readonly AUCTION_ID: string;
  readonly AUCTION_BID_ID: string;
  readonly AUCTION_IMP_ID: string;
  readonly AUCTION_SEAT_ID: string;
  readonly AUCTION_AD_ID: string;
  /** For a thousand, decimal of whole units of `AUCTION_CURRENCY`; empty where nothing was cleared. */
  readonly AUCTION_PRICE: string;
  readonly AUCTION_CURRENCY: string;
  /** Price ÷ bid. */
  readonly AUCTION_MBR: string;
  /** List 5.25 of OpenRTB 2.5 (Loss Reason Codes); 0: won. */
  readonly AUCTION_LOSS: string;
  /** Least bid that would have won. */
  readonly AUCTION_MIN_TO_WIN: string;
}

const macro = /\$\{(AUCTION_[A-Z_]+)(:B64)?\}/g;

/** Fills the macros of a text. One that is not known becomes nothing, as the specification has it. `:B64` asks for base 64. */
function fill(text: string, values: AuctionMacros, encode: (value: string) => string): string {
  return text.replace(macro, (_whole, name: string, base64: string | undefined) => {
    const value = Object.hasOwn(values, name) ? values[name as keyof AuctionMacros] : '';
    return encode(base64 === undefined ? value : Buffer.from(value, 'utf8').toString('base64'));
  });
}

/** Values stand in a URL percent-encoded, so that none can be more than a value. */
export function fillNotice(url: string, values: AuctionMacros): string {
  return fill(url, values, encodeURIComponent);
}

/** Values are the bidder's own, in the bidder's own sandboxed frame; they are percent-encoded all the same, since macros stand in URLs there too. */
export function fillExternalMarkup(markup: string, values: AuctionMacros): string {
  return fill(markup, values, encodeURIComponent);
}
