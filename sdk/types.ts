/** What a page tells once. */
export interface AdtallyOptions {
  /** By which browsers reach the public side of Adtally, such as `https://ads.example`. */
  readonly url: string;
  /** Sent only if the person's consent, or the lack of a consent platform on the page, allows it. */
  readonly user?: { readonly id?: string; readonly segments?: readonly string[] };
  /** Whole path, never billed. */
  readonly test?: boolean;
  /** No slot gets another ad sooner, ms; never less than 5,000. Default: 30,000. */
  readonly minRefreshMs?: number;
  /** How long a decision may take, ms. Default: 2,000. */
  readonly timeoutMs?: number;
  /** How long a consent platform may take to answer, ms; then the ad is asked for without consent. Default: 1,000. */
  readonly consentMs?: number;
}

/** One place for an ad. */
export interface SlotOptions {
  /** The element that the ad fills, or its selector. */
  readonly element: HTMLElement | string;
  /** `pl_…` */
  readonly placement: string;
  /** WxH. */
  readonly sizes?: readonly string[];
  readonly formats?: readonly AdFormat[];
  readonly keyValues?: Readonly<Record<string, string | readonly string[]>>;
  /** Asked for only when the element comes near the viewport. */
  readonly lazy?: boolean;
  /** Another ad after so long, while the slot is in view. */
  readonly refreshMs?: number;
  /** Shows a native ad in the element; a plain one is built if omitted. Texts are text: never put them in as HTML. */
  readonly native?: (ad: NativeAd, element: HTMLElement) => void;
  /** An ad is shown. */
  readonly onAd?: (ad: Decision) => void;
  /** There is none: the reason that Adtally gave, or `unreachable`. */
  readonly onEmpty?: (reason: string) => void;
}

export type AdFormat = 'banner' | 'native' | 'video' | 'audio';

/** A place as the page holds it. */
export interface Slot {
  /** Another ad; false if the last one is too young, or the slot was destroyed. */
  refresh(): Promise<boolean>;
  /** Takes the ad away and stops everything about it. */
  destroy(): void;
}

/** The ads of one page. */
export interface Adtally {
  /** Names a slot; an element that has one already, of this script or of another copy, keeps it. */
  slot(options: SlotOptions): Slot;
  /** Asks for all slots that wait, in one request. Lazy ones ask for themselves. */
  load(): Promise<void>;
  /** Destroys every slot: for the next page of an application. What is still to be reported is reported. */
  destroy(): void;
}

/** An ad as Adtally answered. */
export interface Decision {
  readonly slot_id: string;
  readonly placement_id: string;
  readonly selection_id: string;
  readonly creative_id: string;
  readonly format: AdFormat;
  readonly markup: string;
  readonly width: number;
  readonly height: number;
  readonly click_url: string;
  readonly beacons: Readonly<Record<string, string>>;
  readonly trackers?: readonly { readonly event: string; readonly url: string }[];
  readonly expires_at: string;
}

/** A native ad; numbers of types are those of OpenRTB Native 1.2 (§7.3, §7.4). */
export interface NativeAd {
  readonly assets: readonly {
    readonly id: number;
    readonly title?: { readonly text: string };
    readonly img?: { readonly type?: number; readonly url: string; readonly w?: number; readonly h?: number };
    readonly data?: { readonly type?: number; readonly value: string };
  }[];
  readonly link: { readonly url: string; readonly clicktrackers?: readonly string[] };
  readonly eventtrackers?: readonly { readonly event: number; readonly method: number; readonly url: string }[];
  readonly privacy?: string;
}

/** Reports that something happened: ours through the queue, those of third parties as pictures. */
export type Track = (urls: readonly (string | undefined)[], sequence?: number) => void;
