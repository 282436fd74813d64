import { VASTClient } from '@dailymotion/vast-client';
import { DOMParser } from '@xmldom/xmldom';

interface Url {
  readonly url: string;
}

/** An ad as a player sees it, of which its own types say little. */
export interface PlayerAd {
  readonly sequence: string | null;
  readonly id: string;
  readonly adType: string;
  readonly impressionURLTemplates: readonly Url[];
  readonly errorURLTemplates: readonly string[];
  readonly viewableImpression: readonly { readonly viewable: readonly string[] }[];
  readonly adVerifications: readonly object[];
  readonly creatives: readonly (PlayerLinear | { readonly type: 'companion' })[];
}

export interface PlayerLinear {
  readonly type: 'linear';
  readonly duration: number;
  readonly skipDelay: number | null;
  readonly mediaFiles: readonly { fileURL: string; width: number; height: number; mimeType: string; bitrate: number }[];
  readonly trackingEvents: Readonly<Record<string, readonly string[]>>;
  readonly videoClickThroughURLTemplate: Url;
  readonly videoClickTrackingURLTemplates: readonly Url[];
}

/** A document of XML. Error: anything that a parser would complain of. */
export function parseXml(text: string): Document {
  const complain = (message: string): never => {
    throw new Error(message);
  };
  const parser = new DOMParser({ errorHandler: { warning: complain, error: complain, fatalError: complain } });
  return parser.parseFromString(text, 'text/xml');
}

type Answer = (url: string) => string | undefined;

/** What the VAST client of Dailymotion's player makes of a document; `answer` gives those that wrappers name. */
export async function readVast(
  document: string,
  answer: Answer = () => undefined,
): Promise<{ readonly ads: readonly PlayerAd[] }> {
  const first = 'https://player.example/vast';
  const urlHandler = {
    get: async (url: string) => {
      const text = url === first ? document : answer(url);
      if (text === undefined) return { error: new Error(`no document at ${url}`), statusCode: 404 };
      return { xml: parseXml(text), statusCode: 200, details: { byteLength: text.length, requestDuration: 1 } };
    },
  };
  return (await new VASTClient().get(first, { urlHandler, resolveAll: true })) as { ads: PlayerAd[] };
}
