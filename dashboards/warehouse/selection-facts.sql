-- Everything that the warehouse knows of each selection: what the reconciler compares. Complete once the sink has passed the evidence's
-- positions. Pages: give the last selection_id of the page before as `after`, at first ''.
--
-- Parameters: from, to (selection time, [from, to)), after (selection_id), limit.
-- Columns:
--   selection_id, shard, selected_at, advertiser_id, campaign_id, placement_id ('' if only entries are known), currency, test
--   price_micros       Int64; -1 if only entries are known
--   contents           different billing contents among its records: 1, or 0 if only entries are known; more is a conflict
--   selected … charges 0 or 1 each: AdSelected, MarkupReturned, impression, viewable and click in time, SpendReserved, SpendIncurred
--   charged_micros     price of the SpendIncurred
--   drawn_micros       Entries of the tentative ledger: campaign:authority → campaign:reserved
--   released_micros      campaign:reserved → campaign:authority
--   incurred_micros      campaign:reserved → campaign:incurred
--   suspended_micros     balance of suspense
--   voided_micros        taken out of campaign:incurred or suspense by a verdict
--   passed_micros        left campaign:incurred or suspense because it was certified
--   certified_micros   Entries of the final ledger: debited to advertiser:unbilled by `certify`
--   reversed_micros      credited to advertiser:unbilled by `reverse` and `adjust`
--   absorbed_micros      debited to absorbed by `absorb`
--   absorbed_voided_micros  credited to absorbed by `absorb_void`
SELECT *
FROM adtally.selection_facts_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
WHERE selection_id > {after:String}
ORDER BY selection_id
LIMIT {limit:UInt32}
