import {
  UsCa,
  UsCo,
  UsCt,
  UsDe,
  UsFl,
  UsIa,
  UsMn,
  UsMt,
  UsNat,
  UsNe,
  UsNh,
  UsNj,
  UsOr,
  UsTn,
  UsTx,
  UsUt,
  UsVa,
} from '@iabgpp/cmpapi';
import { BitReader } from './bit-reader.ts';

/** Sections of the Global Privacy Platform that others judge: the TCF's string for Europe, and the text of US privacy. */
export const gppSections = { tcfEurope: 2, usPrivacy: 6 } as const;

const headerType = 3;
const headerVersion = 1;
/** The list of sections ends far below; a longer code names none. */
const longestCode = 12;
const mostSections = 64;
const longestHeader = 64;

/** Strings of a GPP string's sections by their numbers; null if it is none. The header says which there are, as numbers and ranges of numbers, each counted from the one before. */
export function readGppSections(gpp: string): ReadonlyMap<number, string> | null {
  const [header = '', ...texts] = gpp.split('~');
  try {
    const ids = sectionIds(header);
    return ids.length === texts.length ? new Map(ids.map((id, index) => [id, texts[index] as string])) : null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function sectionIds(header: string): number[] {
  if (header.length > longestHeader) throw new RangeError('a header that long names sections twice');
  const bits = new BitReader(header);
  if (bits.number(6) !== headerType || bits.number(6) !== headerVersion) throw new RangeError('of another version');
  const ids: number[] = [];
  let last = 0;
  for (let left = bits.number(12); left > 0; left -= 1) {
    const isRange = bits.number(1) === 1;
    const first = last + bits.fibonacci(longestCode);
    last = isRange ? first + bits.fibonacci(longestCode) : first;
    if (last - first + ids.length >= mostSections) throw new RangeError('more sections than there are');
    for (let id = first; id <= last; id += 1) ids.push(id);
  }
  return ids;
}

interface UsSection {
  getVersion(): number;
  getFieldValue(name: string): unknown;
  hasField(name: string): boolean;
}

/** Sections of the United States, each with fields in places of its own. Maryland, Indiana, Kentucky and Rhode Island write other fields, and are not read. */
const usSections = new Map<number, new (text: string) => UsSection>(
  [UsNat, UsCa, UsVa, UsCo, UsUt, UsCt, UsFl, UsMt, UsOr, UsTx, UsDe, UsIa, UsNe, UsNh, UsNj, UsTn, UsMn].map(
    (section) => [section.ID, section],
  ),
);

export function isUsSection(id: number): boolean {
  return usSections.has(id);
}

const optOuts = ['SaleOptOut', 'SharingOptOut', 'TargetedAdvertisingOptOut'] as const;
const notices = ['SaleOptOutNotice', 'SharingOptOutNotice', 'TargetedAdvertisingOptOutNotice'] as const;
const longestSection = 64;

/**
 * Whether a section of the United States lets a person be recognised for advertising: no opt-out of sale, sharing or targeted advertising, by choice, by the
 * browser's signal (GPC) or for want of the notice that the law asks for; no child; not as a service provider, who may not. Null if it can't be read.
 */
export function permitsPersonal(id: number, text: string): boolean | null {
  const Section = usSections.get(id);
  if (Section === undefined || !/^[0-9A-Za-z_.-]+$/.test(text) || text.length > longestSection) return null;
  try {
    return judge(new Section(text));
  } catch {
    return null; // whatever the decoder throws at a client's text means "no such section"; the verdict says so
  }
}

function judge(section: UsSection): boolean | null {
  const field = (name: string): unknown => (section.hasField(name) ? section.getFieldValue(name) : null);
  // It stands behind the opt-outs and is never 0: of a text that is cut off, it is.
  const covered = field('MspaCoveredTransaction');
  if (covered !== 1 && covered !== 2) return null;
  const version = field('Version');
  if (typeof version !== 'number' || version < 1 || version > section.getVersion()) return null;
  const children = [field('KnownChildSensitiveDataConsents')].flat();
  const isRefused =
    optOuts.some((name) => field(name) === 1) ||
    notices.some((name) => field(name) === 2) ||
    children.some((consent) => consent !== 0 && consent !== null) ||
    field('PersonalDataConsents') === 1 ||
    field('AdditionalDataProcessingConsent') === 1 ||
    field('MspaServiceProviderMode') === 1 ||
    field('Gpc') === true;
  return !isRefused;
}
