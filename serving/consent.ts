import { TCString } from '@iabtechlabtcf/core';
import { BoundedCache } from './bounded-cache.ts';
import { gppSections, isUsSection, permitsPersonal, readGppSections } from './gpp.ts';
import { namedVendors } from './tcf-vendors.ts';

/** Signals of a request, as given. */
export interface ConsentSignals {
  /** TCF consent string. */
  readonly tcf: string | null;
  /** GPP string. */
  readonly gpp: string | null;
  /** Sections of the GPP string that apply to the transaction; none named: all that it has. */
  readonly gppSections?: readonly number[];
  /** Whether GDPR applies; null: not said. */
  readonly gdpr: boolean | null;
  /** Directed at children (COPPA). */
  readonly coppa: boolean;
  /** US privacy string (`1YNN`). */
  readonly usPrivacy?: string | null;
  /** The person's device asks not to be tracked (`lmt`, `dnt`). */
  readonly limited?: boolean;
}

/** Whether the person may be recognised, and why. `personal` allows the user id, segments and frequency; `contextual` the page alone. */
export interface ConsentVerdict {
  readonly consent: 'personal' | 'contextual';
  readonly reason:
    | 'tcf_ok'
    | 'not_in_scope'
    | 'no_signal'
    | 'purpose_missing'
    | 'malformed'
    | 'coppa'
    | 'gpp_ok'
    | 'gpp_opt_out'
    | 'gpp_malformed'
    | 'gpp_unread'
    | 'us_privacy'
    | 'limited';
}

/**
 * Purposes of the TCF policies that recognising a person needs: 1 store and read an identifier, 3 create a profile for personalised advertising, 4 use
 * it to select. Consent only: since TCF 2.2 there is no legitimate interest for 3 and 4, and never was for 1.
 */
const neededPurposes = [1, 3, 4] as const;

const keptStrings = 20_000;
const keptGppStrings = 5_000;
const longestString = 4096;
/** The global list has some 1,500 vendors, and a string names each a few times. What names more costs the decoder seconds, and is none. */
const mostVendors = 10_000;

/** Judges consent; whatever is unclear is none. */
export class ConsentGate {
  readonly #strings = new BoundedCache<string, ConsentVerdict>(keptStrings);
  readonly #gppStrings = new BoundedCache<string, ConsentVerdict | null>(keptGppStrings);

  judge(signals: ConsentSignals): ConsentVerdict {
    if (signals.coppa) return contextual('coppa');
    if (signals.limited === true) return contextual('limited');
    if (optsOut(signals.usPrivacy)) return contextual('us_privacy');
    const gpp = signals.gpp === null ? null : this.#judgeGpp(signals.gpp, signals.gppSections ?? []);
    if (gpp?.consent === 'contextual') return gpp;
    if (signals.gdpr === false) return { consent: 'personal', reason: 'not_in_scope' };
    if (signals.tcf !== null) return this.#judgeString(signals.tcf);
    // A string of the United States says nothing of where GDPR applies.
    return gpp !== null && (signals.gdpr === null || gpp.reason === 'tcf_ok') ? gpp : contextual('no_signal');
  }

  /** All sections that apply must let the person be recognised; null if none does. */
  #judgeGpp(gpp: string, named: readonly number[]): ConsentVerdict | null {
    const key = `${named.join()} ${gpp}`;
    const known = this.#gppStrings.get(key);
    if (known !== undefined) return known;
    const verdict = this.#readGpp(gpp, named);
    this.#gppStrings.set(key, verdict);
    return verdict;
  }

  #readGpp(gpp: string, named: readonly number[]): ConsentVerdict | null {
    const sections = gpp.length > longestString ? null : readGppSections(gpp);
    if (sections === null) return contextual('gpp_malformed');
    // 0 and less say that none applies, or that it is not known which.
    const applying = named.length === 0 ? [...sections.keys()] : named.filter((id) => id > 0);
    const verdicts = applying.map((id) => this.#judgeSection(id, sections.get(id)));
    const refusal = verdicts.find(({ consent }) => consent === 'contextual');
    return refusal ?? verdicts.find(({ reason }) => reason === 'tcf_ok') ?? verdicts[0] ?? null;
  }

  #judgeSection(id: number, text: string | undefined): ConsentVerdict {
    if (text === undefined) return contextual('gpp_malformed');
    if (id === gppSections.tcfEurope) return this.#judgeString(text);
    if (id === gppSections.usPrivacy) return optsOut(text) ? contextual('us_privacy') : readAsPermitted;
    if (!isUsSection(id)) return contextual('gpp_unread');
    const isPermitted = permitsPersonal(id, text);
    if (isPermitted === null) return contextual('gpp_malformed');
    return isPermitted ? readAsPermitted : contextual('gpp_opt_out');
  }

  /** Kept by string: decoding one costs a tenth of a millisecond, and a person's does not change from page to page. */
  #judgeString(tcf: string): ConsentVerdict {
    const known = this.#strings.get(tcf);
    if (known !== undefined) return known;
    const verdict = readTcf(tcf);
    this.#strings.set(tcf, verdict);
    return verdict;
  }
}

/** The third character says whether the person opted out of sale; `-` where the law does not apply. What can't be read is taken for an opt-out. */
function optsOut(usPrivacy: string | null | undefined): boolean {
  return usPrivacy !== null && usPrivacy !== undefined && !/^1([Yy][Nn]|[Nn][Nn]|--)[YyNn-]$/.test(usPrivacy);
}

const readAsPermitted: ConsentVerdict = { consent: 'personal', reason: 'gpp_ok' };

function contextual(reason: ConsentVerdict['reason']): ConsentVerdict {
  return { consent: 'contextual', reason };
}

function readTcf(tcf: string): ConsentVerdict {
  if (tcf.length === 0 || tcf.length > longestString) return contextual('malformed');
  if ((namedVendors(tcf) ?? Number.POSITIVE_INFINITY) > mostVendors) return contextual('malformed');
  const granted = purposeConsents(tcf);
  if (granted === null) return contextual('malformed');
  return neededPurposes.every((purpose) => granted.has(purpose))
    ? { consent: 'personal', reason: 'tcf_ok' }
    : contextual('purpose_missing');
}

/** Purposes consented to, or null if the string can't be decoded. Version 1 strings ended in 2020 and say nothing of today's purposes. */
function purposeConsents(tcf: string): ReadonlySet<number> | null {
  try {
    const model = TCString.decode(tcf);
    if (Number(model.version) !== 2) return null;
    return new Set(neededPurposes.filter((purpose) => model.purposeConsents.has(purpose)));
  } catch {
    return null; // whatever the decoder throws at a client's text means "not a consent string"; the verdict says so
  }
}
