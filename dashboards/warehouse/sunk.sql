-- Generated from schemas/avro by `node scripts/generate-warehouse.ts`. Do not edit: change the .avsc.

CREATE OR REPLACE VIEW adtally.sunk AS
SELECT topic, shard, offset, appended_at FROM adtally.ad_selected
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.markup_returned
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.impression_rendered
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.ad_viewable
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.video_progressed
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.ad_interacted
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.ad_clicked
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.conversion_reported
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.spend_reserved
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.spend_incurred
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.traffic_invalidated
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.adjusted
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.time_advanced
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.node_fenced
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.policy_set
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.period_closed
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.user_exposed
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.person_seen
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.person_forgotten
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.advertiser_published
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.campaign_published
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.line_item_published
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.creative_published
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.publisher_published
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.placement_published
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.deadline_policy_published
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.bidder_published
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.budget_set
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.budget_applied
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.lease_granted
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.lease_returned
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.fence_passed
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.spend_delta
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.node_started
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.node_mark
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.buffer_drained
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.node_fence_decided
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.click_rates_learned
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.model_published
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.examples_joined
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.funds_deposited
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.credit_limit_set
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.adjustment_posted
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.entry_booked
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.quarantined
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.unreadable
COMMENT 'Where every row of every table stands in the log.';
