import type { trackerMacros } from '../../domain/macros.ts';
import type { BeaconKind, CreativePublished, Tracker } from '../../domain/records.ts';

export type Macro = (typeof trackerMacros)[number];
/** Values of the macros of one ad. */
export type MacroValues = Readonly<Record<Macro, string>>;

/** Everything that the document of one ad is made of. All URLs of ours are signed. */
export interface AdSource {
  readonly creative: CreativePublished;
  readonly values: MacroValues;
  /** Pixels by kind: those that the token of the ad allows. */
  readonly beacons: Readonly<Partial<Record<BeaconKind, string>>>;
  /** Leads to the landing page. */
  readonly clickUrl: string;
  /** Counts the click and answers with a picture: for clicks that lead elsewhere. */
  readonly clickBeaconUrl: string;
  /** Of third parties, macros filled. */
  readonly trackers: readonly Tracker[];
  readonly advertiserName: string;
  readonly size: { readonly width: number; readonly height: number };
  /** Life of the beacons, ms. */
  readonly lifeMs: number;
  /** Number of the ad in its pod, from 1; null if it stands alone. */
  readonly podPosition: number | null;
}
