import { TCString } from '@iabtechlabtcf/core';
import { BoundedCache } from './bounded-cache.ts';
import { namedVendors } from './tcf-vendors.ts';

/** Signals of a request, as given. */
export interface ConsentSignals {
  /** TCF consent string. */
  readonly tcf: string | null;
  /** GPP string. */
  readonly gpp: string | null;
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
const longestString = 4096;
/** The global list has some 1,500 vendors, and a string names each a few times. What names more costs the decoder seconds, and is none. */
const mostVendors = 10_000;

/** Judges consent; whatever is unclear is none. */
export class ConsentGate {
  readonly #strings = new BoundedCache<string, ConsentVerdict>(keptStrings);

  judge(signals: ConsentSignals): ConsentVerdict {
    if (signals.coppa) return contextual('coppa');
    if (signals.limited === true) return contextual('limited');
    if (optsOut(signals.usPrivacy)) return contextual('us_privacy');
    // A GPP string can hold an opt-out of any of its sections; until all are read, its presence is taken for one.
    if (signals.gpp !== null) return contextual('gpp_unread');
    if (signals.gdpr === false) return { consent: 'personal', reason: 'not_in_scope' };
    return signals.tcf === null ? contextual('no_signal') : this.#judgeString(signals.tcf);
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
