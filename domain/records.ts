// Generated from schemas/avro by `npm run schemas`. Do not edit: change the .avsc.

/** What is said to have happened. */
export const BeaconKind = ['impression', 'viewable', 'start', 'first_quartile', 'midpoint', 'third_quartile', 'complete', 'mute', 'unmute', 'pause', 'resume', 'skip', 'error', 'click'] as const;
export type BeaconKind = (typeof BeaconKind)[number];

/** Where in the life of a serving process a record was made: unique together, so that a record drained twice is recognised. */
export interface Origin {
  /** Name of the serving node, [a-z0-9-]{1,12}. */
  readonly node: string;
  /** UUIDv7 of this life of the process. */
  readonly boot: string;
  /** Number of the atomic buffer entry within the boot, from 1. All records of one decision or one beacon share it. */
  readonly sequence: number;
}

/** Which kind of event is billed: CPM an impression, VCPM a viewable impression, CPC a click, NONE nothing (house and fallback ads). */
export const PricingModel = ['CPM', 'VCPM', 'CPC', 'NONE'] as const;
export type PricingModel = (typeof PricingModel)[number];

/** How a fraction of a micro is rounded. */
export const Rounding = ['DOWN', 'UP', 'HALF_EVEN'] as const;
export type Rounding = (typeof Rounding)[number];

/** Names a lease of budget: (node, boot, budget day) of the campaign of the record that carries it. */
export interface Lease {
  /** Serving node that may draw on it. */
  readonly node: string;
  /** UUIDv7 of the boot that may draw on it; a lease never survives a restart. */
  readonly boot: string;
  /** Budget day, YYYY-MM-DD in the zone of the advertiser. */
  readonly day: string;
}

/** The billing facts of one selection, fixed when it was selected and carried by its token: its content. Every record of one selection must agree on all of it. */
export interface Billing {
  /** UUIDv7, minted at selection. The charge key: charged at most once. */
  readonly selection_id: string;
  /** Partition of everything keyed by this selection; computed once, carried, produced explicitly. */
  readonly shard: number;
  /** Serving node that selected. */
  readonly node: string;
  /** UUIDv7 of its boot. */
  readonly boot: string;
  /** Its buffer sequence at selection. */
  readonly sequence: number;
  /** adv_… */
  readonly advertiser_id: string;
  /** cmp_… */
  readonly campaign_id: string;
  /** li_… */
  readonly line_item_id: string;
  /** cr_… */
  readonly creative_id: string;
  /** pub_… */
  readonly publisher_id: string;
  /** pl_… */
  readonly placement_id: string;
  /** Names the one billable kind of event. */
  readonly pricing_model: PricingModel;
  /** Price of one billable event in micros of `currency` (a CPM price is already divided by 1000 and rounded). */
  readonly price_micros: number;
  /** ISO 4217 code. */
  readonly currency: string;
  /** Share of the publisher in parts per million, as effective at selection. */
  readonly revenue_share_ppm: number;
  /** Rounding rule of the publisher for its share. */
  readonly share_rounding: Rounding;
  /** Number of the advertiser calendar (time zone and statement months) in PolicySet. */
  readonly calendar: number;
  /** Lease drawn at selection (CPM, VCPM); null where nothing was drawn, and always null for CPC and NONE. */
  readonly draw_lease: Lease | null;
  /** A test selection takes the whole path and is never billed. */
  readonly test: boolean;
  /** Issue time of the selection by the clock of its node, ms. Every truth is bucketed by it. */
  readonly selected_at: number;
  /** When the reservation expires, ms. */
  readonly expires_at: number;
}

/** ACCEPTED: verified and in time. LATE: genuine, but after the expiry of its kind; recorded, never billed. */
export const Judgement = ['ACCEPTED', 'LATE'] as const;
export type Judgement = (typeof Judgement)[number];

/** How a beacon arrived. */
export const Transport = ['PIXEL', 'SDK', 'REDIRECT', 'SERVER'] as const;
export type Transport = (typeof Transport)[number];

/** One physical arrival of a beacon with everything its verified token says, so that it can be judged and billed with no look-up. */
export interface Beacon {
  /** UUIDv7 of this arrival. All receipts are kept; one counts. */
  readonly receipt_id: string;
  /** UUIDv5 over (selection_id, kind, ordinal): the same for a retry, a duplicate and a replay. */
  readonly event_id: string;
  /** Kind of event. */
  readonly kind: BeaconKind;
  /** 0 for the first and for every billable kind; else given by the SDK. */
  readonly ordinal: number;
  /** The node that took it, which need not be the one that selected. */
  readonly origin: Origin;
  /** Verified content of the token. */
  readonly billing: Billing;
  /** Id of the key that verified the token. */
  readonly key_id: string;
  /** Until when the token allows this kind, ms. */
  readonly kind_expires_at: number;
  /** In time or late. */
  readonly judgement: Judgement;
  /** Clock of the node, ms. */
  readonly received_at: number;
  /** What the client says of when it happened, ms; evidence, never used for money. */
  readonly occurred_at: number | null;
  /** How it arrived. */
  readonly transport: Transport;
  /** Truncated address: /24 of IPv4 or /48 of IPv6; empty if unknown. Never a full address. */
  readonly network: string;
  /** User-Agent header, at most 256 characters. */
  readonly user_agent: string;
}

/** The ad was clicked. The billable kind of CPC. */
export interface AdClicked {
  /** The arrival. */
  readonly beacon: Beacon;
  /** UUIDv5 over (selection_id, "click_id", 0); what landing pages receive, and the key of conversions. */
  readonly click_id: string;
  /** CPC: lease that the taking node drew for this click; null if it had none left or drew before. */
  readonly draw_lease: Lease | null;
}

/** The person muted, paused, skipped or the player failed. No money. */
export interface AdInteracted {
  /** The arrival. */
  readonly beacon: Beacon;
}

/** What targeting saw of the request. No raw user id and no full address. */
export interface RequestContext {
  /** api or openrtb. */
  readonly channel: string;
  /** Domain of the page, lower case. */
  readonly site_domain: string | null;
  /** Bundle or package of the app. */
  readonly app_bundle: string | null;
  /** Path of the page without query. */
  readonly page_path: string | null;
  /** desktop, phone, tablet, tv, set_top_box, connected, dooh or unknown. */
  readonly device_type: string;
  /** Operating system, lower case. */
  readonly os: string | null;
  /** User-Agent of the device, at most 256 characters. */
  readonly user_agent: string;
  /** Truncated address of the device (/24 or /48); empty if unknown. */
  readonly network: string;
  /** ISO 639-1. */
  readonly language: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly country: string | null;
  /** ISO 3166-2 subdivision without the country. */
  readonly region: string | null;
  /** City name, lower case. */
  readonly city: string | null;
  /** banner, video, audio or native. */
  readonly format: string;
  /** Sizes that the slot takes, WxH. */
  readonly sizes: readonly string[];
  /** Segments given with the request (only with consent). */
  readonly segments: readonly string[];
  /** Keywords of the page, lower case. */
  readonly keywords: readonly string[];
  /** IAB content categories. */
  readonly categories: readonly string[];
  /** Key-values of the slot, values joined by comma. */
  readonly key_values: Readonly<Record<string, string>>;
  /** Floor price for one thousand impressions in micros of `floor_currency`. */
  readonly floor_micros: number;
  /** ISO 4217 code. */
  readonly floor_currency: string;
  /** Deals of the placement that the request offers. */
  readonly deals: readonly string[];
  /** Advertisers who alone may buy (adv_…); empty: all. */
  readonly seats: readonly string[];
  /** What the request blocks besides its publisher: adv_…, domains, apps, IAB categories. */
  readonly blocked: readonly string[];
  /** IAB creative attributes that the slot does not show. */
  readonly blocked_attributes: readonly number[];
  /** Lengths of video and audio that the slot takes, seconds from-to; empty: any. */
  readonly durations: readonly string[];
  /** Id that the exchange gave its bid request; empty: none. */
  readonly bid_request_id: string;
  /** Who sold the slot on: schain as the IAB writes it in one line; empty: not said. */
  readonly supply_chain: string;
  /** What the consent gate concluded: personal or contextual. */
  readonly consent: string;
  /** Why: tcf_ok, not_in_scope, no_signal, purpose_missing, malformed, coppa, gpp_opt_out … */
  readonly consent_reason: string;
}

/** A count that the decision read for a capped line item. */
export interface FrequencyFact {
  /** li_… */
  readonly line_item_id: string;
  /** Exposures within the window, view plus what was just selected. */
  readonly count: number;
}

/** A count that the decision read for a capped campaign or advertiser. */
export interface CapFact {
  /** cmp_… or adv_… */
  readonly owner_id: string;
  /** Exposures within the window over all its line items, view plus what was just selected. */
  readonly count: number;
}

/** What was read of the person, so that the decision can be recomputed. Only with consent. */
export interface PersonRead {
  /** Revision of the view read; 0 if the view was missing. */
  readonly revision: number;
  /** Segments of the profile. */
  readonly segments: readonly string[];
  /** Counts of every line item for which the view held an exposure. */
  readonly frequency: readonly FrequencyFact[];
  /** Counts of every campaign and advertiser that has a cap and for which an exposure was known. */
  readonly caps: readonly CapFact[];
}

/** How the price came about. Bidders counted separately at each step. */
export interface Auction {
  /** first_price, second_price or fallback. */
  readonly rule: string;
  /** Bid of the winner for a thousand (CPM, VCPM) or for one click (CPC), micros. */
  readonly bid_micros: number;
  /** Ranking value of the winner per thousand, micros. */
  readonly ecpm_micros: number;
  /** Floor applied, per thousand, micros. */
  readonly floor_micros: number;
  /** Soft floor of the placement, per thousand, micros; 0: none. */
  readonly soft_floor_micros: number;
  /** Increment above the runner-up, per thousand, micros. */
  readonly increment_micros: number;
  /** Deal by which it was sold; null: in the open auction. */
  readonly deal_id: string | null;
  /** Best ranking value that did not win; null if none. */
  readonly runner_up_ecpm_micros: number | null;
  /** Priority tier in which it won; lower is first. */
  readonly priority: number;
  /** Line items that passed targeting. */
  readonly eligible: number;
  /** Asked for a bid after pacing and caps. */
  readonly solicited: number;
  /** Answered with a bid. */
  readonly responded: number;
  /** Took part in the ranking. */
  readonly participating: number;
}

/** One of the best line items that did not win. */
export interface Loser {
  /** li_… */
  readonly line_item_id: string;
  /** cr_… */
  readonly creative_id: string;
  /** Ranking value per thousand. */
  readonly ecpm_micros: number;
  /** outbid, below_floor, lost_tie, same_advertiser. */
  readonly reason: string;
}

/** What was predicted of the winner, and by what. */
export interface Prediction {
  /** Version of the click and view model; 0: the smoothed rates of `creative-stats`. */
  readonly model_version: number;
  /** Predicted clicks of a million impressions. */
  readonly click_ppm: number;
  /** Predicted viewable ones of a million impressions. */
  readonly view_ppm: number;
  /** Factor of the ranking, parts per million; 1,000,000: none. */
  readonly quality_ppm: number;
  /** How the creative was chosen among those of the line item: only, sampled or explored. */
  readonly creative_choice: string;
}

/** How many line items a step excluded for a reason. */
export interface ExclusionCount {
  /** targeting, budget, frequency, creative, floor … */
  readonly step: string;
  /** Stable code. */
  readonly reason: string;
  /** Line items. */
  readonly count: number;
}

/** Share of the deadline given to a stage, and what it took. */
export interface StageTime {
  /** ingress, enrichment, targeting, pacing, bidding, auction or response. */
  readonly stage: string;
  /** Given, microseconds. */
  readonly share_us: number;
  /** Taken, microseconds; 0 if skipped. */
  readonly took_us: number;
}

/** A stage or part of it that was skipped on purpose. */
export interface Degradation {
  /** Stage. */
  readonly stage: string;
  /** Stable code. */
  readonly reason: string;
  /** What skipping it is estimated to have cost, for a thousand impressions, micros of the floor's currency; 0 if nothing or not known. */
  readonly cost_micros: number;
}

/** Revision of a view that the decision read. */
export interface ViewRevision {
  /** catalog, pacing:<shard>, creative-stats, … */
  readonly view: string;
  /** Offset or version: the number of the next record that was not yet in it. */
  readonly revision: number;
}

/** What the decision saw of the lease of a campaign at the margin. */
export interface LeaseFact {
  /** cmp_… */
  readonly campaign_id: string;
  /** Left to draw on this node, micros. */
  readonly left_micros: number;
}

/** What became of a bidder of outside demand that was eligible for the slot. */
export interface BidderOutcome {
  /** bd_… */
  readonly bidder_id: string;
  /** Line item through which it buys: li_… */
  readonly line_item_id: string;
  /** not_asked, bid, no_bid, invalid, late, not_awaited, timed_out, connect_failed, bad_status, too_large, bad_encoding, address_refused or aborted. */
  readonly outcome: string;
  /** Why it was not asked, what was wrong with the answer, or what became of the bid (won, outbid, lost_tie, or why it took no part). */
  readonly reason: string;
  /** Time it was given, microseconds; 0 if it was not asked. */
  readonly timeout_us: number;
  /** Time until its outcome was known, microseconds. */
  readonly latency_us: number;
  /** Its bid for a thousand, micros of the floor's currency, rounded down; 0 if it made none. */
  readonly bid_micros: number;
  /** Domains of the advertiser of the bid. */
  readonly domains: readonly string[];
  /** IAB categories of the bid. */
  readonly categories: readonly string[];
}

/** The bid of a bidder of outside demand that won, as it came. */
export interface ExternalAd {
  /** bd_… */
  readonly bidder_id: string;
  /** Id that the bidder gave its bid; not unique. */
  readonly bid_id: string;
  /** Id of the imp that it was for. */
  readonly imp_id: string;
  /** Seat of the bidder on whose behalf it bid; empty: not said. */
  readonly seat: string;
  /** crid: the bidder's id of the creative; empty: not said. */
  readonly creative_ref: string;
  /** Price for a thousand as it was written, a decimal of whole units of `currency`. */
  readonly price: string;
  /** ISO 4217 code of the bid. */
  readonly currency: string;
  /** The same in micros of the floor's currency, rounded down: what was ranked. */
  readonly bid_micros: number;
  /** Domains of the advertiser. */
  readonly domains: readonly string[];
  /** IAB categories. */
  readonly categories: readonly string[];
  /** IAB creative attributes. */
  readonly attributes: readonly number[];
  /** burl with its macros filled, to be called once when the impression is billed; empty: none. */
  readonly billing_url: string;
}

/** What was chosen, out of whom, and what was skipped. Written by serving. */
export interface AdSelected {
  /** UUIDv5 over (selection_id, "selected", 0). */
  readonly event_id: string;
  /** UUIDv7 of the request. */
  readonly request_id: string;
  /** Slot of the request. */
  readonly slot_id: string;
  /** Place of this ad within its slot, from 0. */
  readonly position: number;
  /** Node, boot and buffer sequence. */
  readonly origin: Origin;
  /** Billing facts, exactly as the token carries them. */
  readonly billing: Billing;
  /** Key that signed the token. */
  readonly key_id: string;
  /** Last moment of the impression kinds, ms. */
  readonly impression_expires_at: number;
  /** Last moment of a click, ms. */
  readonly click_expires_at: number;
  /** Random key of the person; null without consent. */
  readonly user_key: string | null;
  /** Inventory tier: premium, standard or remnant. */
  readonly tier: string;
  /** Named plan of degradation under which the decision was made. */
  readonly plan: string;
  /** Deadline of the request, microseconds. */
  readonly deadline_us: number;
  /** A house or contextual fallback, not the outcome of the auction. */
  readonly fallback: boolean;
  /** Width of the slot filled, CSS pixels. */
  readonly width: number;
  /** Height of the slot filled, CSS pixels. */
  readonly height: number;
  /** What targeting saw. */
  readonly context: RequestContext;
  /** What was read of the person. */
  readonly person: PersonRead | null;
  /** How the price came about. */
  readonly auction: Auction;
  /** The best that did not win, at most 5. */
  readonly losers: readonly Loser[];
  /** Null: nothing was predicted (versions before). */
  readonly prediction: Prediction | null;
  /** Counts by step and reason. */
  readonly exclusions: readonly ExclusionCount[];
  /** Time by stage. */
  readonly stages: readonly StageTime[];
  /** What was skipped on purpose. */
  readonly degradations: readonly Degradation[];
  /** Revisions of all views read. */
  readonly views: readonly ViewRevision[];
  /** Leases of the campaigns that were solicited or excluded for budget, at most 20. */
  readonly leases: readonly LeaseFact[];
  /** Creatives blocked for this slot by earlier winners of the same answer. */
  readonly excluded_creatives: readonly string[];
  /** Bidders of outside demand that were eligible for the slot, each with one outcome. */
  readonly bidders: readonly BidderOutcome[];
  /** The winning bid where outside demand won; null: an ad of the catalogue. */
  readonly external: ExternalAd | null;
}

/** 50 % of its pixels were in view for 1 s (video 2 s). The billable kind of VCPM. */
export interface AdViewable {
  /** The arrival. */
  readonly beacon: Beacon;
}

/** RELEASE: out of suspense into certified. VOID: out of suspense, not billed. REVERSE: take back what was certified. */
export const AdjustmentAction = ['RELEASE', 'VOID', 'REVERSE'] as const;
export type AdjustmentAction = (typeof AdjustmentAction)[number];

/** An explicit correction by finance. Never raises the charge of a campaign. */
export interface Adjusted {
  /** UUIDv7 minted by the console. */
  readonly event_id: string;
  /** UUIDv7. */
  readonly selection_id: string;
  /** Content of the selection, so that a correction beyond the horizon needs no state. */
  readonly billing: Billing;
  /** Next number of this shard; any other is void. */
  readonly adjustment_number: number;
  /** What to do. */
  readonly action: AdjustmentAction;
  /** REVERSE: how much; otherwise the whole suspended amount. */
  readonly amount_micros: number;
  /** Certified amount of the selection that the decision relied on. */
  readonly relied_certified_micros: number;
  /** Reversed amount that it relied on. */
  readonly relied_reversed_micros: number;
  /** One sentence. */
  readonly reason: string;
  /** Key name. */
  readonly adjusted_by: string;
  /** ms. */
  readonly adjusted_at: number;
}

/** Reserved for finance: a correction outside campaigns. */
export interface AdjustmentPosted {
  /** UUIDv7. */
  readonly event_id: string;
  /** adv_… */
  readonly advertiser_id: string;
  /** Micros, negative: in favour of the advertiser. */
  readonly amount_micros: number;
  /** ISO 4217. */
  readonly currency: string;
  /** One sentence. */
  readonly reason: string;
  /** ms. */
  readonly posted_at: number;
  /** Key name. */
  readonly posted_by: string;
}

/** At most `impressions` for one person within a sliding or a calendar window. */
export interface FrequencyCap {
  /** At least 1. */
  readonly impressions: number;
  /** Sliding window, ms; 0 for a calendar window. */
  readonly window_ms: number;
  /** Empty: the last `window_ms`. Else hour, day, week or month: the one that runs in the zone of the advertiser; `window_ms` is then 0. */
  readonly calendar: string;
}

/** Whether it may be selected. */
export const Status = ['ACTIVE', 'PAUSED'] as const;
export type Status = (typeof Status)[number];

/** Who changed what, when, and on what revision. A record whose revision is not the last plus one is void: the first wins. */
export interface Change {
  /** From 1; last + 1 or void. */
  readonly revision: number;
  /** Name of the key. */
  readonly changed_by: string;
  /** ms. */
  readonly changed_at: number;
  /** Key given by the client. */
  readonly idempotency_key: string | null;
  /** SHA-256 of the request body, hex. */
  readonly request_hash: string | null;
  /** Archived: no longer selected, still in the history. */
  readonly archived: boolean;
}

/** An advertiser as it now stands. */
export interface AdvertiserPublished {
  /** adv_… */
  readonly advertiser_id: string;
  /** Name. */
  readonly name: string;
  /** ISO 4217; never changes. */
  readonly currency: string;
  /** IANA zone; never changes. */
  readonly time_zone: string;
  /** Number of its calendar in PolicySet. */
  readonly calendar: number;
  /** Advertiser domains. */
  readonly domains: readonly string[];
  /** IAB categories of its products. */
  readonly categories: readonly string[];
  /** By person, over all its campaigns; null: none. */
  readonly frequency_cap: FrequencyCap | null;
  /** Active or paused. */
  readonly status: Status;
  /** Who, when, which revision. */
  readonly change: Change;
}

/** A bidder of outside demand, which is asked by OpenRTB and buys through one line item, as it now stands. */
export interface BidderPublished {
  /** bd_… */
  readonly bidder_id: string;
  /** Line item through which it buys: its bid is the most that is taken, its targeting, caps, budget and advertiser hold. li_… */
  readonly line_item_id: string;
  /** Campaign of the line item: cmp_… */
  readonly campaign_id: string;
  /** The buyer, who is billed: adv_… */
  readonly advertiser_id: string;
  /** Name. */
  readonly name: string;
  /** URL to which bid requests are posted. */
  readonly endpoint: string;
  /** Seat whose bids alone are taken; empty: any. */
  readonly seat: string;
  /** Currencies in which it may bid, ISO 4217; empty: that of the placement alone. */
  readonly currencies: readonly string[];
  /** Tiers of inventory for which it is asked; empty: all. */
  readonly tiers: readonly string[];
  /** Id in the Global Vendor List of the TCF; 0: none, so that it learns nothing of a person where GDPR applies. */
  readonly vendor_id: number;
  /** Bid requests a second by each serving process at most; 0: no limit. */
  readonly qps_limit: number;
  /** Bid requests of each serving process that are not answered yet, at most. */
  readonly in_flight_limit: number;
  /** Least time that it is given, ms. */
  readonly timeout_min_ms: number;
  /** Most time that it is given, ms. */
  readonly timeout_max_ms: number;
  /** Time on the way there and back, by which `tmax` is lower than its time-out, ms. */
  readonly network_ms: number;
  /** Longest answer that is read, bytes. */
  readonly max_answer_bytes: number;
  /** Bid requests are compressed. */
  readonly gzip: boolean;
  /** HTTP/2 is used where the server offers it. */
  readonly http2: boolean;
  /** Active or paused. */
  readonly status: Status;
  /** Who, when, which revision. */
  readonly change: Change;
}

/** A budget takes effect. Numbered: holds only if last + 1. */
export interface BudgetApplied {
  /** cmp_… */
  readonly campaign_id: string;
  /** Next number of the campaign. */
  readonly number: number;
  /** Of the BudgetSet. */
  readonly revision: number;
  /** Effective: max(new, committed). */
  readonly total_micros: number;
  /** Wanted budget of a day. */
  readonly daily_micros: number | null;
  /** ms. */
  readonly applied_at: number;
  /** Who. */
  readonly allocator: string;
}

/** From the first moment to the moment after the last. */
export interface Flight {
  /** ms. */
  readonly starts_at: number;
  /** ms. */
  readonly ends_at: number;
}

/** What the console wants the budget to be; takes effect by BudgetApplied. */
export interface BudgetSet {
  /** cmp_… */
  readonly campaign_id: string;
  /** Revision of the campaign; the highest wins. */
  readonly revision: number;
  /** adv_… */
  readonly advertiser_id: string;
  /** ISO 4217. */
  readonly currency: string;
  /** IANA zone for budget days. */
  readonly time_zone: string;
  /** Whole budget. */
  readonly total_micros: number;
  /** Budget of a day; null: none. */
  readonly daily_micros: number | null;
  /** When it runs. */
  readonly flight: Flight;
  /** even or asap. */
  readonly pacing: string;
  /** False: paused or archived; nothing is granted. */
  readonly active: boolean;
  /** ms. */
  readonly set_at: number;
}

/** Everything of that boot is in the log. */
export interface BufferDrained {
  /** Node. */
  readonly node: string;
  /** Boot. */
  readonly boot: string;
  /** Last entry of the boot that was on disk. */
  readonly last_sequence: number;
  /** Boot that drained it. */
  readonly drained_by: string;
  /** ms. */
  readonly drained_at: number;
}

/** A campaign as it now stands. */
export interface CampaignPublished {
  /** cmp_… */
  readonly campaign_id: string;
  /** adv_… */
  readonly advertiser_id: string;
  /** Name. */
  readonly name: string;
  /** Whole budget, micros of the advertiser currency. */
  readonly budget_total_micros: number;
  /** Budget of a day in the advertiser zone; null: none. */
  readonly budget_daily_micros: number | null;
  /** When it runs. */
  readonly flight: Flight;
  /** even or asap. */
  readonly pacing: string;
  /** By person, over all its line items; null: none. */
  readonly frequency_cap: FrequencyCap | null;
  /** Active or paused. */
  readonly status: Status;
  /** Who, when, which revision. */
  readonly change: Change;
}

/** Predicted click rate of a creative. */
export interface LearnedRate {
  /** cr_… */
  readonly creative_id: string;
  /** Clicks per million impressions, 0 to 1000000. */
  readonly rate_ppm: number;
}

/** What was observed of a creative, both cumulative. */
export interface LearnedCount {
  /** cr_… */
  readonly creative_id: string;
  /** Impressions, without tests and invalid traffic. */
  readonly impressions: number;
  /** Clicks among them. */
  readonly clicks: number;
}

/** A node took over predicted click rates. Its decisions use them from this record on and name its revision as that of the view creative-stats. Keyed by the boot. */
export interface ClickRatesLearned {
  /** Node. */
  readonly node: string;
  /** Boot. */
  readonly boot: string;
  /** Number of this record within the boot, from 1. At 0 every creative has the rate of the prior. */
  readonly revision: number;
  /** Rates that changed; all others stay as the records before left them. */
  readonly rates: readonly LearnedRate[];
  /** Counts behind the rates, of which the choice among the creatives of a line item is sampled. Those that changed. */
  readonly counts: readonly LearnedCount[];
  /** Clock of the node, ms. */
  readonly learned_at: number;
}

/** Reserved: something a landing page reports of a click. Moves no money. */
export interface ConversionReported {
  /** UUIDv5 over (click_id, name, ordinal). */
  readonly event_id: string;
  /** From the landing page. */
  readonly click_id: string;
  /** Name of the goal. */
  readonly name: string;
  /** Given by the reporter. */
  readonly ordinal: number;
  /** Value, micros of `currency`. */
  readonly value_micros: number | null;
  /** ISO 4217. */
  readonly currency: string | null;
  /** ms. */
  readonly reported_at: number;
}

/** A third-party tracker to be called by the client. */
export interface Tracker {
  /** impression, viewable, click … */
  readonly event: string;
  /** https URL with macros. */
  readonly url: string;
}

/** A creative as it now stands. */
export interface CreativePublished {
  /** cr_… */
  readonly creative_id: string;
  /** li_… */
  readonly line_item_id: string;
  /** cmp_… */
  readonly campaign_id: string;
  /** adv_… */
  readonly advertiser_id: string;
  /** Name. */
  readonly name: string;
  /** banner, video, audio or native. */
  readonly format: string;
  /** CSS pixels; 0 if it has none. */
  readonly width: number;
  /** CSS pixels. */
  readonly height: number;
  /** Template with macros {click_url}, {selection_id}, {cachebuster}, {width}, {height}, {asset_url} … */
  readonly markup: string;
  /** https URL with macros {click_id}, {selection_id}, {campaign_id}, {creative_id}, {placement_id}. */
  readonly landing_url: string;
  /** Third-party trackers. */
  readonly trackers: readonly Tracker[];
  /** IAB creative attributes. */
  readonly attributes: readonly number[];
  /** IAB categories of what it shows; empty: those of the advertiser. */
  readonly categories: readonly string[];
  /** Length of video or audio; 0 otherwise. */
  readonly duration_ms: number;
  /** Active or paused. */
  readonly status: Status;
  /** Who, when, which revision. */
  readonly change: Change;
}

/** Reserved for finance: how much may be owed. */
export interface CreditLimitSet {
  /** UUIDv7. */
  readonly event_id: string;
  /** adv_… */
  readonly advertiser_id: string;
  /** Micros. */
  readonly limit_micros: number;
  /** ISO 4217. */
  readonly currency: string;
  /** ms. */
  readonly set_at: number;
  /** Key name. */
  readonly set_by: string;
}

/** Share of the deadline by stage, in hundredths; what they leave of a hundred is the slack of the tier. */
export interface DeadlineShares {
  /** Reading the request. */
  readonly ingress: number;
  /** The person's read: the skippable class of enrichment. */
  readonly enrichment: number;
  /** Waiting for bidders of outside demand. */
  readonly bidders: number;
  /** Who may win. */
  readonly targeting: number;
  /** Caps and budget. */
  readonly pacing: number;
  /** Bids. */
  readonly bidding: number;
  /** Ranking and price. */
  readonly auction: number;
  /** Signing, recording, answering. */
  readonly response: number;
}

/** A plan of degradation: when it holds, and what is done without. */
export interface DegradationPlan {
  /** [a-z][a-z0-9_]{0,39}; never `full`, which is no degradation. */
  readonly name: string;
  /** Holds from this zone of load on: degrade or shed; empty: whatever the load. */
  readonly zone: string;
  /** Holds with less than so many hundredths of the deadline left; 0: however little is left. */
  readonly time_left: number;
  /** Of person (the person's read), losers (all behind the runner-up), auction (everybody but house ads). */
  readonly skips: readonly string[];
}

/** How the time of a decision is divided for a tier of inventory, and what is done without when there is too little of it, as it now stands. Without one for a tier, the built-in policy holds. */
export interface DeadlinePolicyPublished {
  /** dp_… */
  readonly policy_id: string;
  /** Name. */
  readonly name: string;
  /** premium, standard or remnant; the first live policy of a tier holds. */
  readonly tier: string;
  /** Shares of the stages. */
  readonly shares: DeadlineShares;
  /** The mildest first; each does without everything that the one before does without. The last that holds is followed. */
  readonly plans: readonly DegradationPlan[];
  /** Active or paused. */
  readonly status: Status;
  /** Who, when, which revision. */
  readonly change: Change;
}

/** A place in a spend shard: (offset, ordinal of the next entry of that record). */
export interface Position {
  /** Offset. */
  readonly offset: number;
  /** Ordinal. */
  readonly ordinal: number;
}

/** One double entry: one debit, one credit, one amount. */
export interface Entry {
  /** Offset in the spend shard of the record that caused it. */
  readonly source_offset: number;
  /** Place among the entries of that record in this ledger, from 0. */
  readonly ordinal: number;
  /** draw, release, incur, void, suspend, unsuspend, certify, reverse, adjust, absorb, absorb_void, invoice. */
  readonly kind: string;
  /** UUIDv7; empty for entries of a whole advertiser (invoice). */
  readonly selection_id: string;
  /** adv_… */
  readonly advertiser_id: string;
  /** cmp_…; empty for invoice. */
  readonly campaign_id: string;
  /** li_… */
  readonly line_item_id: string;
  /** pub_… */
  readonly publisher_id: string;
  /** Account. */
  readonly debit_account: string;
  /** Account. */
  readonly credit_account: string;
  /** More than 0. */
  readonly amount_micros: number;
  /** ISO 4217. */
  readonly currency: string;
  /** YYYY-MM in which it was delivered (selection time, advertiser calendar). */
  readonly service_period: string;
  /** YYYY-MM in which it was booked. */
  readonly posting_period: string;
  /** Fold time of the booking, ms. */
  readonly posted_at: number;
  /** Selection time, ms; 0 for invoice. */
  readonly selected_at: number;
  /** Rule of a verdict, reason of an adjustment, else empty. */
  readonly reference: string;
  /** SHA-256 over the canonical entry and the hash before it. */
  readonly chain_hash: Uint8Array;
}

/** A tick within the range. */
export interface TickMark {
  /** Offset. */
  readonly offset: number;
  /** Time, ms. */
  readonly advanced_to: number;
}

/** A period closed within the range. */
export interface CloseMark {
  /** Offset. */
  readonly offset: number;
  /** Calendar. */
  readonly calendar: number;
  /** YYYY-MM. */
  readonly period: string;
}

/** One append to a ledger stream: the entries of a contiguous range of a spend shard and the checkpoint, atomically. Without entries it is a checkpoint of a quiet shard. */
export interface EntriesBooked {
  /** tentative or final. */
  readonly truth: string;
  /** Spend shard. */
  readonly shard: number;
  /** First position covered. */
  readonly first: Position;
  /** Next position to be read. */
  readonly next: Position;
  /** Fold time at `next`, ms. */
  readonly fold_time: number;
  /** In order. */
  readonly entries: readonly Entry[];
  /** Ticks in the range. */
  readonly ticks: readonly TickMark[];
  /** Periods closed in the range. */
  readonly closes: readonly CloseMark[];
  /** Hash of the last entry so far; 32 zero bytes if none. */
  readonly chain_head: Uint8Array;
  /** Entries in the stream so far, this batch included. */
  readonly entry_count: number;
}

/** A ledger entry, mirrored for reporting. */
export interface EntryBooked {
  /** tentative or final. */
  readonly truth: string;
  /** Spend shard. */
  readonly shard: number;
  /** The entry. */
  readonly entry: Entry;
}

/** Impressions of one shard whose outcome is settled, as examples for the model. What the model learned is a fold of these alone. Without test ads and invalid traffic; nothing of a person. Keyed by the shard. */
export interface ExamplesJoined {
  /** Shard of the log that they were joined in. */
  readonly shard: number;
  /** Number of this record within the shard, from 1: among duplicates the first counts. */
  readonly number: number;
  /** Version of how a request and an ad become features. */
  readonly features: number;
  /** Examples. */
  readonly count: number;
  /** For each example a byte of flags and the places of its features (domain/click-examples.ts). */
  readonly examples: Uint8Array;
  /** Time of the fold, ms. */
  readonly joined_at: number;
}

/** A shard has passed the fence of a boot; all its deltas of that boot lie before this record. */
export interface FencePassed {
  /** Node. */
  readonly node: string;
  /** Boot. */
  readonly boot: string;
  /** Spend shard. */
  readonly shard: number;
  /** Offset of the NodeFenced. */
  readonly source_offset: number;
}

/** Reserved for finance: an advertiser paid in. */
export interface FundsDeposited {
  /** UUIDv7. */
  readonly event_id: string;
  /** adv_… */
  readonly advertiser_id: string;
  /** Micros. */
  readonly amount_micros: number;
  /** ISO 4217. */
  readonly currency: string;
  /** ms. */
  readonly deposited_at: number;
  /** Of the payment. */
  readonly reference: string;
}

/** The ad began to render. The billable kind of CPM. */
export interface ImpressionRendered {
  /** The arrival. */
  readonly beacon: Beacon;
}

/** Adds to a lease. Numbered: holds only if last + 1. */
export interface LeaseGranted {
  /** cmp_… */
  readonly campaign_id: string;
  /** Next number of the campaign. */
  readonly number: number;
  /** Lease. */
  readonly lease: Lease;
  /** Added. */
  readonly amount_micros: number;
  /** ms. */
  readonly granted_at: number;
  /** Who. */
  readonly allocator: string;
}

/** Takes from a lease: cumulative; void once the lease is closed. */
export interface LeaseReturned {
  /** cmp_… */
  readonly campaign_id: string;
  /** Lease. */
  readonly lease: Lease;
  /** Returned so far, cumulative. */
  readonly returned_micros: number;
  /** ms. */
  readonly returned_at: number;
}

/** Any of `include` (empty: everything), none of `exclude`. */
export interface ListRule {
  /** One of these, if any are given. */
  readonly include: readonly string[];
  /** None of these. */
  readonly exclude: readonly string[];
}

/** One key of the key-values. */
export interface KeyValueRule {
  /** Key. */
  readonly key: string;
  /** One of these values, if any are given. */
  readonly include: readonly string[];
  /** None of these values. */
  readonly exclude: readonly string[];
}

/** All rules must hold. */
export interface Targeting {
  /** ISO 3166-1 alpha-2. */
  readonly countries: ListRule;
  /** COUNTRY-REGION. */
  readonly regions: ListRule;
  /** As in RequestContext. */
  readonly device_types: ListRule;
  /** Lower case. */
  readonly os: ListRule;
  /** pl_… */
  readonly placements: ListRule;
  /** pub_… */
  readonly publishers: ListRule;
  /** banner, video, audio, native. */
  readonly formats: ListRule;
  /** WxH. */
  readonly sizes: ListRule;
  /** ISO 639-1. */
  readonly languages: ListRule;
  /** Segments of person or request. */
  readonly segments: ListRule;
  /** Lower case. */
  readonly keywords: ListRule;
  /** IAB content categories. */
  readonly categories: ListRule;
  /** Site domains or app bundles. */
  readonly domains: ListRule;
  /** By key. */
  readonly key_values: readonly KeyValueRule[];
  /** Hours of the week in the zone of the advertiser, 0 = Monday 00:00; empty: always. */
  readonly hours: readonly number[];
  /** Must hold besides the lists: AND, OR, NOT over attributes, as docs/targeting.md says; empty: none. */
  readonly expression: string;
}

/** A line item as it now stands. */
export interface LineItemPublished {
  /** li_… */
  readonly line_item_id: string;
  /** cmp_… */
  readonly campaign_id: string;
  /** adv_… */
  readonly advertiser_id: string;
  /** Name. */
  readonly name: string;
  /** CPM, VCPM, CPC, or NONE for house ads. */
  readonly pricing_model: PricingModel;
  /** For a thousand (CPM, VCPM) or one click (CPC), micros. */
  readonly bid_micros: number;
  /** 1 (first) to 16; house ads are always last. */
  readonly priority: number;
  /** Whom it may reach. */
  readonly targeting: Targeting;
  /** By person; null: none. */
  readonly frequency_cap: FrequencyCap | null;
  /** Takes part only where one of these deals of a placement is offered; empty: in the open auction only. */
  readonly deals: readonly string[];
  /** Narrower than the campaign; null: the same. */
  readonly flight: Flight | null;
  /** Active or paused. */
  readonly status: Status;
  /** Who, when, which revision. */
  readonly change: Change;
}

/** The answer with this ad was handed to the socket. Written by serving. */
export interface MarkupReturned {
  /** UUIDv5 over (selection_id, "returned", 0). */
  readonly event_id: string;
  /** UUIDv7. */
  readonly selection_id: string;
  /** Node, boot and buffer sequence. */
  readonly origin: Origin;
  /** Billing facts, as in AdSelected. */
  readonly billing: Billing;
  /** Clock of the node, ms. */
  readonly returned_at: number;
  /** From ingress to the end of the answer, microseconds. */
  readonly elapsed_us: number;
  /** Length of the markup, bytes. */
  readonly markup_bytes: number;
}

/** How well the examples since the version before were predicted, each before it was learned. */
export interface ModelCheck {
  /** Impressions. */
  readonly examples: number;
  /** Clicked. */
  readonly clicks: number;
  /** Sum of the predicted rates, thousandths of a click. */
  readonly predicted_clicks_milli: number;
  /** Mean log loss of clicks, billionths of a nat. */
  readonly log_loss_nano: number;
  /** The same for whoever predicts the observed mean rate of all examples before. */
  readonly prior_log_loss_nano: number;
  /** Viewable. */
  readonly views: number;
  /** Sum of the predicted rates, thousandths of a view. */
  readonly predicted_views_milli: number;
}

/** A version of the model that predicts clicks and views, signed. Keyed by `uuidV5('model/<version>')`. A decision names its version; whoever has this record predicts again what it predicted. */
export interface ModelPublished {
  /** From 1. Serving takes only higher ones than it has. */
  readonly version: number;
  /** Version of how a request and an ad become features (domain/click-features.ts); serving takes its own only. */
  readonly features: number;
  /** Weights of clicks, sparse: for each, how far its place is behind the one before and its value in 65,536ths of a logit, as variable-length integers. */
  readonly click_weights: Uint8Array;
  /** Weights of viewability, in the same form. */
  readonly view_weights: Uint8Array;
  /** Predicted clicks of a million by logit, from -12 to 12 in steps of an eighth; never falls. */
  readonly click_calibration: readonly number[];
  /** Predicted viewable ones of a million, by logit. */
  readonly view_calibration: readonly number[];
  /** Offset in `models` behind the last examples that it was trained with. */
  readonly trained_next: number;
  /** Impressions that it was trained with, over all. */
  readonly examples: number;
  /** Clicks among them. */
  readonly clicks: number;
  /** Viewable ones among them. */
  readonly views: number;
  /** How well it did. */
  readonly checked: ModelCheck;
  /** Time of the fold, ms. */
  readonly published_at: number;
  /** SHA-256 of all fields before this one in their canonical form, hex. */
  readonly digest: string;
  /** Key that signed. */
  readonly key_id: string;
  /** Ed25519 of the digest, base64. */
  readonly signature: string;
}

/** The one decision that a boot has ended; the first wins. */
export interface NodeFenceDecided {
  /** Node. */
  readonly node: string;
  /** Boot. */
  readonly boot: string;
  /** stopped, succeeded or timed_out. */
  readonly reason: string;
  /** Boot or ticker. */
  readonly decided_by: string;
  /** ms. */
  readonly decided_at: number;
}

/** After this record the leases of that boot cover nothing in this shard. */
export interface NodeFenced {
  /** Node. */
  readonly node: string;
  /** UUIDv7 of the boot. */
  readonly boot: string;
  /** When the fence was decided, ms. */
  readonly fenced_at: number;
}

/** Low-water mark: the clock of the node, or the time of its oldest unflushed record. */
export interface NodeMark {
  /** Node. */
  readonly node: string;
  /** Boot. */
  readonly boot: string;
  /** Mark, ms. */
  readonly marked_at: number;
  /** All entries up to it are in the log. */
  readonly drained_sequence: number;
  /** Last entry so far. */
  readonly last_sequence: number;
  /** Decisions so far. */
  readonly decisions: number;
  /** By pacing shard, the next offset this node has not read. */
  readonly pacing_read: Readonly<Record<string, number>>;
}

/** A boot begins; a node serves only after this is acknowledged. */
export interface NodeStarted {
  /** Node. */
  readonly node: string;
  /** UUIDv7. */
  readonly boot: string;
  /** ms. */
  readonly started_at: number;
  /** Boot whose buffer was found on disk. */
  readonly previous_boot: string | null;
  /** Where it serves. */
  readonly url: string;
}

/** A posting period of a calendar is closed; legal only after its end and in sequence. */
export interface PeriodClosed {
  /** Number of the calendar. */
  readonly calendar: number;
  /** YYYY-MM. */
  readonly period: string;
  /** Key name. */
  readonly closed_by: string;
  /** ms. */
  readonly closed_at: number;
}

/** The person asked to be forgotten: deletes the row and voids earlier sightings. */
export interface PersonForgotten {
  /** HMAC-SHA-256 of the raw id, hex. */
  readonly person_hash: string;
  /** Key name. */
  readonly requested_by: string;
  /** ms. */
  readonly forgotten_at: number;
}

/** A raw id, as its keyed hash, was seen with consent. Kept one day. */
export interface PersonSeen {
  /** HMAC-SHA-256 of the raw id, hex. */
  readonly person_hash: string;
  /** Segments given with the request. */
  readonly segments: readonly string[];
  /** ms. */
  readonly seen_at: number;
}

/** Terms agreed with some buyers for this placement. */
export interface Deal {
  /** [0-9A-Za-z_-]{1,40}; of the placement. */
  readonly deal_id: string;
  /** Floor for a thousand in place of the placement's, micros of `floor_currency`. */
  readonly floor_micros: number;
  /** first_price, second_price, or fixed: the floor is the price. */
  readonly auction: string;
  /** adv_… who may use it; empty: everyone. */
  readonly advertisers: readonly string[];
}

/** A placement as it now stands. */
export interface PlacementPublished {
  /** pl_… */
  readonly placement_id: string;
  /** pub_… */
  readonly publisher_id: string;
  /** Name. */
  readonly name: string;
  /** banner, video, audio, native. */
  readonly formats: readonly string[];
  /** WxH. */
  readonly sizes: readonly string[];
  /** Floor for a thousand, micros of `floor_currency`. */
  readonly floor_micros: number;
  /** ISO 4217. */
  readonly floor_currency: string;
  /** premium, standard or remnant. */
  readonly tier: string;
  /** first_price or second_price. */
  readonly auction: string;
  /** For a thousand, micros: in a second-price auction a bid between floor and soft floor pays itself; 0: none. */
  readonly soft_floor_micros: number;
  /** What a second-price winner pays above the runner-up, for a thousand, micros. */
  readonly increment_micros: number;
  /** Private deals. */
  readonly deals: readonly Deal[];
  /** IAB creative attributes. */
  readonly blocked_attributes: readonly number[];
  /** Active or paused. */
  readonly status: Status;
  /** Who, when, which revision. */
  readonly change: Change;
}

/** End of a statement month. */
export interface MonthEnd {
  /** YYYY-MM. */
  readonly period: string;
  /** First moment after it in the zone, ms. */
  readonly ends_at: number;
}

/** Statement months of a time zone, worked out outside the folds, which know no time-zone database. */
export interface Calendar {
  /** Number; 0 is UTC. */
  readonly calendar: number;
  /** IANA zone. */
  readonly zone: string;
  /** In order, without gaps. */
  readonly months: readonly MonthEnd[];
}

/** Rules that a fold may use: first record of every shard; the highest revision wins; bound at the first record of a selection. */
export interface PolicySet {
  /** From 1. */
  readonly revision: number;
  /** From incurred to certified, ms of fold time. */
  readonly hold_ms: number;
  /** H: how long the state of a selection lives, ms. */
  readonly horizon_ms: number;
  /** Version of the life-cycle rules. */
  readonly rules_version: number;
  /** All calendars so far. */
  readonly calendars: readonly Calendar[];
  /** Who. */
  readonly set_by: string;
  /** ms. */
  readonly set_at: number;
}

/** Revenue share from a date on. */
export interface ShareTerm {
  /** ms. */
  readonly effective_from: number;
  /** Parts per million, 0 to 1,000,000. */
  readonly share_ppm: number;
}

/** A publisher as it now stands. */
export interface PublisherPublished {
  /** pub_… */
  readonly publisher_id: string;
  /** Name. */
  readonly name: string;
  /** Its domains and bundles. */
  readonly domains: readonly string[];
  /** Revenue shares, by effective date, first one first. */
  readonly shares: readonly ShareTerm[];
  /** Rounding rule of its share. */
  readonly share_rounding: Rounding;
  /** URL put before our click URL; null: none. */
  readonly click_prefix: string | null;
  /** adv_… or domains. */
  readonly blocked_advertisers: readonly string[];
  /** IAB categories. */
  readonly blocked_categories: readonly string[];
  /** Ads of one answer that are kept apart: advertiser, those of one advertiser; category, those of one category (tier 1) as well. */
  readonly separation: string;
  /** Active or paused. */
  readonly status: Status;
  /** Who, when, which revision. */
  readonly change: Change;
}

/** What could not be read, judged or believed. */
export interface Quarantined {
  /** Topic or route. */
  readonly source_topic: string;
  /** Shard; -1 for a route. */
  readonly source_shard: number;
  /** Offset; -1 for a route. */
  readonly source_offset: number;
  /** Key. */
  readonly source_key: string;
  /** Stable code. */
  readonly code: string;
  /** One sentence with the offending value, no personal data. */
  readonly reason: string;
  /** Who refused it. */
  readonly processor: string;
  /** The bytes, at most 4 KiB. */
  readonly bytes: Uint8Array;
  /** Node, boot and sequence, if serving wrote it. */
  readonly origin: Origin | null;
  /** ms. */
  readonly quarantined_at: number;
}

/** Cumulative amounts of a (campaign, shard, lease), or of (campaign, shard, day) after the fence; the highest source offset wins. */
export interface SpendDelta {
  /** cmp_… */
  readonly campaign_id: string;
  /** Spend shard. */
  readonly shard: number;
  /** Lease; null: the row of the day, into which fenced leases are folded. */
  readonly lease: Lease | null;
  /** Budget day YYYY-MM-DD. */
  readonly day: string;
  /** Offset in spend up to which (exclusive) it counts. */
  readonly source_offset: number;
  /** Cumulative. */
  readonly drawn_micros: number;
  /** Cumulative. */
  readonly released_micros: number;
  /** Cumulative. */
  readonly incurred_micros: number;
  /** Now in suspense. */
  readonly suspended_micros: number;
  /** Cumulative. */
  readonly voided_micros: number;
  /** Cumulative. */
  readonly certified_micros: number;
  /** Cumulative. */
  readonly reversed_micros: number;
  /** Draws, cumulative. */
  readonly selections: number;
  /** Incurred events, cumulative. */
  readonly billable_events: number;
  /** Fold time, ms. */
  readonly emitted_at: number;
}

/** The billable event of a selection was taken. */
export interface SpendIncurred {
  /** UUIDv5 over (selection_id, "incurred", 0). */
  readonly event_id: string;
  /** The arrival that caused it. */
  readonly receipt_id: string;
  /** impression, viewable or click: must be the billable kind of the pricing model. */
  readonly kind: BeaconKind;
  /** Content, from the token. */
  readonly billing: Billing;
  /** CPM, VCPM: the lease of the token, on which the fold draws if the SpendReserved was lost. CPC: the lease the taking node drew on. */
  readonly draw_lease: Lease | null;
  /** The node that took the beacon. */
  readonly origin: Origin;
  /** Clock of the node, ms. */
  readonly incurred_at: number;
}

/** Money is committed at selection (CPM, VCPM): drawn on the lease it names. */
export interface SpendReserved {
  /** UUIDv5 over (selection_id, "reserved", 0). */
  readonly event_id: string;
  /** Content. */
  readonly billing: Billing;
  /** The lease drawn: equals billing.draw_lease. */
  readonly draw_lease: Lease | null;
  /** Node, boot and buffer sequence. */
  readonly origin: Origin;
  /** Clock of the node, ms. */
  readonly reserved_at: number;
}

/** A tick: the time of every fold is the highest it has seen. */
export interface TimeAdvanced {
  /** Time, ms. */
  readonly advanced_to: number;
  /** Who ticked. */
  readonly ticker: string;
}

/** GIVT: general invalid traffic. SIVT: sophisticated invalid traffic. QUALITY: a decision of finance. */
export const Category = ['GIVT', 'SIVT', 'QUALITY'] as const;
export type Category = (typeof Category)[number];

/** A record that a verdict rests on. */
export interface EvidenceRef {
  /** Topic. */
  readonly topic: string;
  /** Shard. */
  readonly shard: number;
  /** Offset. */
  readonly offset: number;
}

/** A verdict: voids what is not final, reverses what is. A fact that a replay never recomputes. */
export interface TrafficInvalidated {
  /** UUIDv5 over (selection_id, "invalidated:"+rule, 0). */
  readonly event_id: string;
  /** UUIDv7. */
  readonly selection_id: string;
  /** GIVT, SIVT or QUALITY. */
  readonly category: Category;
  /** Stable code of the rule. */
  readonly rule: string;
  /** Version of the rules that judged. */
  readonly rules_version: number;
  /** One sentence. */
  readonly reason: string;
  /** Records that it rests on. */
  readonly evidence: readonly EvidenceRef[];
  /** Processor or key name. */
  readonly judged_by: string;
  /** ms; evidence time for a processor, clock for a person. */
  readonly judged_at: number;
}

/** A person saw an ad: what frequency counts. */
export interface UserExposed {
  /** Random key of the person. */
  readonly user_key: string;
  /** UUIDv7; counted once. */
  readonly selection_id: string;
  /** adv_… */
  readonly advertiser_id: string;
  /** cmp_… */
  readonly campaign_id: string;
  /** li_… */
  readonly line_item_id: string;
  /** cr_… */
  readonly creative_id: string;
  /** Time of the impression, ms. */
  readonly exposed_at: number;
  /** Shard of the impression. */
  readonly source_shard: number;
  /** Offset of the impression. */
  readonly source_offset: number;
}

/** A video passed start, a quartile or its end. */
export interface VideoProgressed {
  /** The arrival. */
  readonly beacon: Beacon;
}

/** Every record by its name. */
export interface RecordTypes {
  AdSelected: AdSelected;
  MarkupReturned: MarkupReturned;
  ImpressionRendered: ImpressionRendered;
  AdViewable: AdViewable;
  VideoProgressed: VideoProgressed;
  AdInteracted: AdInteracted;
  AdClicked: AdClicked;
  ConversionReported: ConversionReported;
  SpendReserved: SpendReserved;
  SpendIncurred: SpendIncurred;
  TrafficInvalidated: TrafficInvalidated;
  Adjusted: Adjusted;
  TimeAdvanced: TimeAdvanced;
  NodeFenced: NodeFenced;
  PolicySet: PolicySet;
  PeriodClosed: PeriodClosed;
  UserExposed: UserExposed;
  PersonSeen: PersonSeen;
  PersonForgotten: PersonForgotten;
  AdvertiserPublished: AdvertiserPublished;
  CampaignPublished: CampaignPublished;
  LineItemPublished: LineItemPublished;
  CreativePublished: CreativePublished;
  PublisherPublished: PublisherPublished;
  PlacementPublished: PlacementPublished;
  DeadlinePolicyPublished: DeadlinePolicyPublished;
  BidderPublished: BidderPublished;
  BudgetSet: BudgetSet;
  BudgetApplied: BudgetApplied;
  LeaseGranted: LeaseGranted;
  LeaseReturned: LeaseReturned;
  FencePassed: FencePassed;
  SpendDelta: SpendDelta;
  NodeStarted: NodeStarted;
  NodeMark: NodeMark;
  BufferDrained: BufferDrained;
  NodeFenceDecided: NodeFenceDecided;
  ClickRatesLearned: ClickRatesLearned;
  ModelPublished: ModelPublished;
  ExamplesJoined: ExamplesJoined;
  FundsDeposited: FundsDeposited;
  CreditLimitSet: CreditLimitSet;
  AdjustmentPosted: AdjustmentPosted;
  EntriesBooked: EntriesBooked;
  EntryBooked: EntryBooked;
  Quarantined: Quarantined;
}
export type RecordName = keyof RecordTypes;

/** A decoded record with its name. */
export type AnyRecord = { [N in RecordName]: { readonly name: N; readonly value: RecordTypes[N] } }[RecordName];

/** Which records a topic holds; 'ledger' is the payload of ledger streams. */
export const topicRecords = {
  selected: ['AdSelected', 'MarkupReturned'],
  impression: ['ImpressionRendered'],
  engagement: ['AdViewable', 'VideoProgressed', 'AdInteracted'],
  click: ['AdClicked'],
  conversion: ['ConversionReported'],
  spend: ['SpendReserved', 'SpendIncurred', 'TrafficInvalidated', 'Adjusted', 'TimeAdvanced', 'NodeFenced', 'PolicySet', 'PeriodClosed'],
  exposure: ['UserExposed'],
  persons: ['PersonSeen', 'PersonForgotten'],
  catalog: ['AdvertiserPublished', 'CampaignPublished', 'LineItemPublished', 'CreativePublished', 'PublisherPublished', 'PlacementPublished', 'DeadlinePolicyPublished', 'BidderPublished'],
  pacing: ['BudgetSet', 'BudgetApplied', 'LeaseGranted', 'LeaseReturned', 'FencePassed', 'SpendDelta'],
  nodes: ['NodeStarted', 'NodeMark', 'BufferDrained', 'NodeFenceDecided', 'ClickRatesLearned'],
  models: ['ModelPublished', 'ExamplesJoined'],
  accounts: ['FundsDeposited', 'CreditLimitSet', 'AdjustmentPosted'],
  ledger: ['EntriesBooked'],
  journal: ['EntryBooked'],
  quarantine: ['Quarantined'],
} as const;
export type Topic = Exclude<keyof typeof topicRecords, 'ledger'>;
/** The records of a topic, with their names. */
export type RecordOf<T extends Topic> = Extract<AnyRecord, { name: (typeof topicRecords)[T][number] }>;
