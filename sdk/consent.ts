/** What goes into a request, and what the page may do meanwhile. */
export interface Consent {
  readonly signals: { gdpr?: boolean; tcf?: string; gpp?: string; gpp_sid?: readonly number[] | undefined };
  /** Whether a person may be recognised. A GPP string may hold an opt-out: only the server reads its sections, so its presence is taken for one. */
  readonly personal: boolean;
  /** Whether anything may be kept on the device. */
  readonly storage: boolean;
}

interface TcData {
  readonly eventStatus?: string;
  readonly gdprApplies?: boolean;
  readonly tcString?: string;
  readonly listenerId?: number;
  readonly purpose?: { readonly consents?: Readonly<Record<string, boolean>> };
}
interface GppData {
  readonly signalStatus?: string;
  readonly gppString?: string;
  /** Sections of the string that apply. */
  readonly applicableSections?: readonly number[];
  readonly pingData?: GppData;
}

/** The interfaces that consent platforms put on a page (TCF 2.3, GPP 1.1). */
interface ConsentWindow {
  readonly __tcfapi?: (
    command: string,
    version: number,
    callback: (data: TcData, success: boolean) => void,
    parameter?: number,
  ) => void;
  readonly __gpp?: (command: string, callback: (data: GppData, success: boolean) => void) => void;
}

/** An answer, or null after a while. */
function within<T>(ms: number, ask: (answer: (value: T) => void) => void): Promise<T | null> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, null);
    ask(resolve);
  });
}

/**
 * Asks the consent platforms of the page. Who does not answer in time has not consented; where there is none, the page is taken to need none, and what
 * may be done with the person is the server's to judge.
 */
export async function readConsent(ms: number): Promise<Consent> {
  const { __tcfapi: tcf, __gpp: gpp } = window as ConsentWindow;
  const [tc, pinged] = await Promise.all([
    tcf &&
      within<TcData>(ms, (answer) =>
        tcf('addEventListener', 2, (data, success) => {
          if (
            !success ||
            (data.gdprApplies !== false && !/^(tcloaded|useractioncomplete)$/.test(`${data.eventStatus}`))
          )
            return;
          answer(data);
          // The listener may be called before it is known under which number.
          setTimeout(() => tcf('removeEventListener', 2, () => {}, data.listenerId));
        }),
      ),
    gpp &&
      within<GppData>(ms, (answer) => {
        const judge = (data: GppData | undefined): void => {
          if (data?.signalStatus === 'ready') answer(data);
        };
        gpp('ping', judge);
        gpp('addEventListener', ({ pingData }) => judge(pingData));
      }),
  ]);
  const isFree = !tcf || tc?.gdprApplies === false;
  const may = (purpose: number): boolean => isFree || tc?.purpose?.consents?.[purpose] === true;
  return {
    signals: {
      ...(tcf && { gdpr: tc?.gdprApplies ?? true }),
      ...(tc?.tcString && { tcf: tc.tcString }),
      ...(pinged?.gppString && { gpp: pinged.gppString, gpp_sid: pinged.applicableSections }),
    },
    personal: may(1) && may(3) && may(4) && !gpp,
    storage: may(1),
  };
}
