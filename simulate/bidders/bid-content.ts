/** Formats that a simulated bidder brings, with AdCOM's numbers of their markup. */
export const markupTypes = { banner: 1, video: 2, audio: 3, native: 4 } as const;
export type BroughtFormat = keyof typeof markupTypes;

/** What an imp asks for, as far as a simulated bidder reads it. */
export interface AskedImp {
  readonly banner?: { readonly w?: number; readonly h?: number };
  readonly video?: Player;
  readonly audio?: Player;
  readonly native?: { readonly request: string };
}

interface Player {
  readonly mimes?: readonly string[];
  readonly minduration?: number;
  readonly maxduration?: number;
  readonly rqddurs?: readonly number[];
  readonly protocols?: readonly number[];
}

interface Named {
  readonly name: string;
  readonly bid: string;
  readonly price: number;
}

/** Of several formats each in turn. */
export function broughtFormat(imp: AskedImp, turn: number): BroughtFormat {
  const asked = (Object.keys(markupTypes) as BroughtFormat[]).filter((format) => imp[format] !== undefined);
  return asked[turn % Math.max(1, asked.length)] ?? 'banner';
}

/** Fields of a bid that say what it brings. Whoever sees the ad can tell which bid it is, and what was bid, by the bidder's own word. */
export function contentOf(imp: AskedImp, format: BroughtFormat, named: Named): Record<string, unknown> {
  const mtype = markupTypes[format];
  const { name, bid, price } = named;
  switch (format) {
    case 'banner': {
      const { w = 300, h = 250 } = imp.banner ?? {};
      const adm = `<div data-bid="${bid}" data-price="${price}" style="font:16px sans-serif">${name}</div>`;
      return { mtype, w, h, adm };
    }
    case 'native':
      return { mtype, adm: nativeOf(imp.native?.request ?? '{}', named) };
    default:
      return { mtype, adm: vastOf(imp[format] ?? {}, format, named) };
  }
}

function shownUrl({ name, bid, price }: Named): string {
  return `https://${name}.example/shown?bid=${bid}&price=${price}`;
}

const versions: readonly (readonly [protocol: number, version: string])[] = [
  [13, '4.2'],
  [7, '4.0'],
  [3, '3.0'],
  [2, '2.0'],
];

/** In line, in the newest version that is taken; wrapped where nothing else is. */
function vastOf(player: Player, format: 'video' | 'audio', named: Named): string {
  const { protocols = [13], mimes = ['video/mp4'], minduration = 0, maxduration = 15, rqddurs } = player;
  const version = versions.find(([protocol]) => protocols.includes(protocol))?.[1] ?? null;
  const seconds = rqddurs?.[0] ?? Math.max(minduration, Math.min(15, maxduration));
  const time = new Date(seconds * 1000).toISOString().slice(11, 19);
  const home = `https://${named.name}.example`;
  const shown = `<AdSystem>${named.name}</AdSystem><Impression><![CDATA[${shownUrl(named)}]]></Impression>`;
  if (version === null) {
    const uri = `<VASTAdTagURI><![CDATA[${home}/vast.xml]]></VASTAdTagURI>`;
    return `<VAST version="4.2"><Ad id="1"><Wrapper>${shown}${uri}</Wrapper></Ad></VAST>`;
  }
  const size = format === 'video' ? 'width="640" height="360"' : 'width="0" height="0"';
  const file = `<MediaFile delivery="progressive" type="${mimes[0] ?? ''}" ${size}><![CDATA[${home}/spot]]></MediaFile>`;
  const events = `<TrackingEvents><Tracking event="midpoint"><![CDATA[${home}/midpoint]]></Tracking></TrackingEvents>`;
  const clicks = `<VideoClicks><ClickThrough><![CDATA[${home}/landing]]></ClickThrough></VideoClicks>`;
  const linear = `<Linear>${events}<Duration>${time}</Duration><MediaFiles>${file}</MediaFiles>${clicks}</Linear>`;
  return `<VAST version="${version}"><Ad id="1"><InLine>${shown}<AdTitle>${named.name}</AdTitle><Creatives><Creative>${linear}</Creative></Creatives></InLine></Ad></VAST>`;
}

interface AskedAsset {
  readonly id: number;
  readonly title?: { readonly len: number };
  readonly img?: {
    readonly type?: number;
    readonly w?: number;
    readonly h?: number;
    readonly wmin?: number;
    readonly hmin?: number;
  };
  readonly data?: { readonly type: number; readonly len?: number };
}

function nativeOf(request: string, named: Named): string {
  const { assets = [] } = JSON.parse(request) as { assets?: readonly AskedAsset[] };
  const home = `https://${named.name}.example`;
  const brought = assets.map(({ id, title, img, data }) => {
    if (title !== undefined) return { id, title: { text: named.name.slice(0, title.len) } };
    if (img === undefined) return { id, data: { value: named.name.slice(0, data?.len ?? 25) } };
    const [w, h] = [img.wmin ?? img.w ?? 600, img.hmin ?? img.h ?? 300];
    return { id, img: { ...(img.type !== undefined && { type: img.type }), url: `${home}/card.png`, w, h } };
  });
  return JSON.stringify({
    native: {
      ver: '1.2',
      assets: brought,
      link: { url: `${home}/landing`, clicktrackers: [`${home}/click`] },
      eventtrackers: [{ event: 1, method: 1, url: shownUrl(named) }],
    },
  });
}
