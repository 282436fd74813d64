import { burnSpans } from '../objectives/prometheus-rules.ts';
import { objectives, truthNames } from '../objectives/objectives.ts';
import { tolerancesMs } from '../overview/truth-lags.ts';
import type { Board, Panel } from './board.ts';

const truths: Board = {
  uid: 'adtally-truths',
  title: 'Adtally: truths',
  description: 'Each truth about the money, how far it lies behind the evidence, and whether the last audits tallied.',
  sections: [
    {
      title: 'Now',
      panels: [
        ...truthNames.map(
          (truth): Panel => ({
            title: `Behind: ${truth}`,
            kind: 'stat',
            unit: 'ms',
            series: [[`max(adtally_truth_lag_ms{truth="${truth}"})`, truth]],
            redFrom: tolerancesMs[truth],
          }),
        ),
        {
          title: "Age of the folds' time",
          kind: 'stat',
          unit: 'ms',
          series: [['adtally:ledger_time_age_ms:max', 'age']],
          redFrom: tolerancesMs.time,
        },
        {
          title: 'Ledger streams damaged',
          kind: 'stat',
          series: [['sum(adtally_ledger_damaged)', 'streams']],
          redFrom: 1,
        },
        {
          title: 'Audits that tallied',
          note: '1: the last one tallied.',
          kind: 'stat',
          series: [['min by (kind) (adtally_audit_tallies)', '{{kind}}']],
          redBelow: 1,
          width: 8,
        },
        {
          title: 'Since the last audit',
          kind: 'stat',
          unit: 'ms',
          series: [['min by (kind) (adtally_audit_age_ms)', '{{kind}}']],
          redFrom: 112_320_000,
          width: 8,
        },
        { title: 'Records put aside', kind: 'stat', series: [['sum(adtally_quarantine_records)', 'quarantine']] },
      ],
    },
    {
      title: 'Lags',
      panels: [
        {
          title: 'Truths behind the evidence',
          unit: 'ms',
          series: [['max by (truth) (adtally_truth_lag_ms)', '{{truth}}']],
        },
        {
          title: 'Lag by what it may be',
          note: 'Above 1 a truth is further behind than it may be.',
          unit: 'percentunit',
          series: [
            ['max by (truth) (adtally_truth_lag_ms) / max by (truth) (adtally_truth_tolerance_ms)', '{{truth}}'],
          ],
          redFrom: 1,
        },
        {
          title: 'Checks that found a truth behind',
          unit: 'percentunit',
          series: [
            [
              'sum by (truth) (rate(adtally_truth_checks_total{outcome!="within"}[5m])) / sum by (truth) (rate(adtally_truth_checks_total[5m]))',
              '{{truth}}',
            ],
          ],
        },
      ],
    },
    {
      title: 'Ledgers',
      panels: [
        { title: 'Ledgers as they are shown: records behind', series: [['adtally_ledger_lag_records', '{{stream}}']] },
        {
          title: 'Time of the ledgers, age',
          unit: 'ms',
          series: [['adtally_ledger_time_age_ms', '{{stream}}']],
          redFrom: tolerancesMs.time,
        },
        {
          title: 'Charges',
          note: 'repeated: the charge was written before. no_lease: a click that no lease covered, absorbed.',
          unit: 'ops',
          series: [['adtally:charges:rate1m', '{{outcome}}']],
        },
      ],
    },
    {
      title: 'Reporting',
      panels: [
        {
          title: 'Age of the oldest record that reporting lacks',
          unit: 'ms',
          series: [['adtally_sink_lag_ms', '{{topic}}']],
          redFrom: tolerancesMs.reporting,
        },
        { title: 'Records that reporting lacks', series: [['adtally_sink_lag_records', '{{topic}}']] },
        {
          title: 'Records put aside',
          unit: 'ops',
          series: [['sum(rate(adtally_quarantine_records[5m]))', 'a second']],
        },
      ],
    },
  ],
};

const serving: Board = {
  uid: 'adtally-serving',
  title: 'Adtally: serving',
  description: 'Decisions and beacons: how many, how fast, what was skipped, shed and refused.',
  sections: [
    {
      title: 'Now',
      panels: [
        {
          title: 'Processes that answer',
          kind: 'stat',
          series: [['sum(up{job=~"serve|streams|console"})', 'processes']],
        },
        {
          title: 'Decisions a second',
          kind: 'stat',
          unit: 'reqps',
          series: [['sum(adtally:decisions:rate1m)', 'decisions']],
        },
        {
          title: 'Slots with an ad',
          kind: 'stat',
          unit: 'percentunit',
          series: [['adtally:slots_filled:ratio5m', 'filled']],
        },
        {
          title: 'Load',
          note: '1 is as much as can be done.',
          kind: 'stat',
          unit: 'percentunit',
          series: [['max(adtally_load)', 'load']],
          redFrom: 0.9,
        },
        {
          title: 'Entries held back from the log',
          kind: 'stat',
          series: [['sum(adtally_buffer_entries)', 'entries']],
          redFrom: 1_000,
        },
        { title: 'Connections', kind: 'stat', series: [['sum(adtally_connections)', 'open']] },
      ],
    },
    {
      title: 'Decisions',
      panels: [
        { title: 'Decisions a second', unit: 'reqps', series: [['adtally:decisions:rate1m', '{{instance}}']] },
        {
          title: 'Answers',
          note: 'late: after the deadline of the request. failed: no room, or a defect.',
          unit: 'reqps',
          isStacked: true,
          series: [['sum by (outcome) (rate(adtally_decision_answers_total[1m]))', '{{outcome}}']],
        },
        { title: 'Slots by outcome', unit: 'ops', isStacked: true, series: [['adtally:slots:rate5m', '{{outcome}}']] },
        {
          title: 'Time of an ad, by stage',
          note: 'Mean over the ads selected.',
          unit: 'µs',
          isStacked: true,
          series: [
            [
              'sum by (stage) (rate(adtally_stage_us_total[5m])) / on() group_left() sum(rate(adtally_plan_ads_total[5m]))',
              '{{stage}}',
            ],
          ],
        },
        {
          title: 'Ads for which a stage took more than its share',
          unit: 'percentunit',
          series: [
            [
              'sum by (stage) (rate(adtally_stage_over_share_total[5m])) / on() group_left() sum(rate(adtally_plan_ads_total[5m]))',
              '{{stage}}',
            ],
          ],
        },
        { title: 'What was skipped on purpose', unit: 'ops', series: [['adtally:degradations:rate5m', '{{what}}']] },
        {
          title: 'Plans by which ads were chosen',
          unit: 'ops',
          isStacked: true,
          series: [['sum by (tier, plan) (rate(adtally_plan_ads_total[5m]))', '{{tier}} {{plan}}']],
        },
        {
          title: 'Estimated loss by what was skipped',
          note: 'Micros of the currency a second.',
          series: [['sum by (plan, currency) (rate(adtally_plan_lost_micros_total[5m]))', '{{plan}} {{currency}}']],
        },
        {
          title: 'Versions of the model',
          series: [['sum by (outcome) (increase(adtally_models_total[1h]))', '{{outcome}}']],
        },
      ],
    },
    {
      title: 'Load',
      panels: [
        { title: 'Load', unit: 'percentunit', series: [['adtally_load', '{{instance}}']], redFrom: 0.9 },
        {
          title: 'Zone',
          note: '0 calm, 1 degrade, 2 shed.',
          series: [['adtally_load_zone', '{{instance}}']],
          redFrom: 2,
        },
        {
          title: 'Shedding',
          note: 'top: the most valuable, always taken.',
          unit: 'reqps',
          isStacked: true,
          series: [['sum by (outcome) (rate(adtally_shedding_total[1m]))', '{{outcome}}']],
        },
        {
          title: 'What was shed was expected to earn',
          note: 'Micros of the currency a second.',
          series: [['sum by (currency) (rate(adtally_shed_micros_total[5m]))', '{{currency}}']],
        },
        {
          title: 'Floods refused',
          unit: 'ops',
          series: [['sum by (what) (rate(adtally_flood_refused_total[1m]))', '{{what}}']],
        },
        { title: 'Connections', series: [['adtally_connections', '{{instance}}']] },
      ],
    },
    {
      title: 'Beacons',
      panels: [
        { title: 'Beacons a second', unit: 'reqps', series: [['adtally:beacons:rate1m', '{{kind}} {{judgement}}']] },
        {
          title: 'Beacons not believed',
          unit: 'ops',
          series: [['sum by (code) (rate(adtally_beacons_refused_total[5m]))', '{{code}}']],
        },
        {
          title: 'Genuine beacons turned away',
          unit: 'ops',
          series: [['sum(rate(adtally_beacon_answers_total{outcome="not_stored"}[5m]))', 'no room']],
        },
        { title: 'Private buffer, entries not in the log', series: [['adtally_buffer_entries', '{{instance}}']] },
        {
          title: 'Private buffer, age of the oldest entry',
          unit: 'ms',
          series: [['adtally_buffer_oldest_ms', '{{instance}}']],
        },
        { title: 'Private buffer, bytes', unit: 'bytes', series: [['adtally_buffer_bytes', '{{instance}}']] },
        {
          title: 'May draw on leases',
          series: [
            ['adtally_boot_drawing', '{{instance}} draws'],
            ['adtally_boot_fenced', '{{instance}} fenced'],
          ],
        },
        {
          title: 'Selections that others were not told of',
          unit: 'ops',
          series: [['sum by (instance) (rate(adtally_shared_selections_lost[5m]))', '{{instance}}']],
        },
        { title: 'Predicted clicks by observed ones', series: [['adtally_model_click_ratio', '{{instance}}']] },
      ],
    },
    processes('serve|streams|console'),
  ],
};

const streams: Board = {
  uid: 'adtally-streams',
  title: 'Adtally: streams',
  description: 'Processors and ledger writers, shard by shard.',
  sections: [
    {
      title: 'Now',
      panels: [
        { title: 'Shards that stopped', kind: 'stat', series: [['sum(adtally_shard_failed)', 'shards']], redFrom: 1 },
        { title: 'Shards that are owned', kind: 'stat', series: [['count(adtally_shard_failed)', 'shards']] },
        { title: 'Furthest behind', kind: 'stat', unit: 'ms', series: [['max(adtally:lag_ms:max)', 'lag']] },
        {
          title: 'Records a second',
          kind: 'stat',
          unit: 'ops',
          series: [['sum(rate(adtally_processed_records_total[1m]))', 'records']],
        },
        {
          title: 'Ledger appends a second',
          kind: 'stat',
          unit: 'ops',
          series: [
            [
              'sum(rate(adtally_engine_calls_total{job="streams",engine="ledger",call="append",outcome="ok"}[1m]))',
              'appends',
            ],
          ],
        },
        { title: 'Reporting behind the log', kind: 'stat', unit: 'ms', series: [['adtally:sink_lag_ms:max', 'lag']] },
      ],
    },
    {
      title: 'Lag',
      panels: [
        { title: 'Lag by processor', unit: 'ms', series: [['adtally:lag_ms:max', '{{processor}}']] },
        {
          title: 'Lag by processor, p95 since its start',
          unit: 'ms',
          series: [['adtally:lag_p95_ms:max', '{{processor}}']],
          redFrom: 2_000,
        },
        {
          title: 'Records behind, by processor',
          series: [['sum by (processor) (adtally_lag_offsets)', '{{processor}}']],
        },
        {
          title: 'Lag of the ledger writers by shard',
          unit: 'ms',
          series: [['max by (shard) (adtally_lag_ms{processor="spend-lifecycle"})', 'shard {{shard}}']],
        },
        {
          title: 'Records behind, ledger writers by shard',
          series: [['max by (shard) (adtally_lag_offsets{processor="spend-lifecycle"})', 'shard {{shard}}']],
        },
        {
          title: 'What the ticker is held back by',
          note: 'Nodes hold time back for what is in their buffers.',
          unit: 'ms',
          series: [['max(adtally_lag_ms{processor="ticker"})', 'held back']],
        },
      ],
    },
    {
      title: 'Work',
      panels: [
        {
          title: 'Records processed',
          unit: 'ops',
          series: [['sum by (processor) (rate(adtally_processed_records_total[1m]))', '{{processor}}']],
        },
        {
          title: 'Checkpoints',
          unit: 'ops',
          series: [['sum by (processor) (rate(adtally_checkpoints_total[5m]))', '{{processor}}']],
        },
        {
          title: 'Ledger appends',
          note: 'refused: another writer was first.',
          unit: 'ops',
          series: [
            [
              'sum by (outcome) (rate(adtally_engine_calls_total{job="streams",engine="ledger",call="append"}[1m]))',
              '{{outcome}}',
            ],
          ],
        },
        {
          title: 'Time of a ledger append',
          unit: 'ms',
          series: [
            [
              'sum(rate(adtally_engine_call_ms_sum{job="streams",engine="ledger",call="append"}[5m])) / sum(rate(adtally_engine_call_ms_count{job="streams",engine="ledger",call="append"}[5m]))',
              'mean',
            ],
            [
              'histogram_quantile(0.95, sum by (le) (rate(adtally_engine_call_ms_bucket{job="streams",engine="ledger",call="append"}[5m])))',
              'p95',
            ],
          ],
        },
        {
          title: 'Shards that stopped',
          series: [['sum by (processor) (adtally_shard_failed)', '{{processor}}']],
          redFrom: 1,
        },
        { title: 'Processes by shards', series: [['count by (instance) (adtally_shard_failed)', '{{instance}}']] },
      ],
    },
    processes('streams'),
  ],
};

const engines: Board = {
  uid: 'adtally-engines',
  title: 'Adtally: engines',
  description:
    'Log, views, keys, ledgers, states and warehouse as the processes see them, whichever engine is behind a port.',
  sections: [
    {
      title: 'All',
      panels: [
        {
          title: 'Calls that failed',
          unit: 'ops',
          series: [
            ['sum by (engine, job) (rate(adtally_engine_calls_total{outcome="failed"}[1m]))', '{{engine}} of {{job}}'],
          ],
        },
        {
          title: 'Calls that were refused',
          unit: 'ops',
          series: [
            ['sum by (engine, job) (rate(adtally_engine_calls_total{outcome="refused"}[1m]))', '{{engine}} of {{job}}'],
          ],
        },
        {
          title: 'Calls',
          unit: 'ops',
          series: [['sum by (engine) (rate(adtally_engine_calls_total[1m]))', '{{engine}}']],
        },
      ],
    },
    ...[
      ['log', 'Log (SQLite or Kafka)'],
      ['views', 'Views (SQLite or Redis)'],
      ['keys', 'Keys of persons (SQLite or Redis)'],
      ['ledger', 'Ledgers (SQLite or EventStoreDB)'],
      ['states', 'States of folds (SQLite)'],
      ['warehouse', 'Warehouse (chDB or ClickHouse)'],
    ].map(([engine = '', title = '']) => ({
      title,
      panels: [
        {
          title: 'Calls',
          unit: 'ops' as const,
          series: [
            [
              `sum by (job, call) (rate(adtally_engine_calls_total{engine="${engine}"}[1m]))`,
              '{{job}} {{call}}',
            ] as const,
          ],
        },
        {
          title: 'Mean time',
          unit: 'ms' as const,
          series: [
            [
              `sum by (job, call) (rate(adtally_engine_call_ms_sum{engine="${engine}"}[5m])) / sum by (job, call) (rate(adtally_engine_call_ms_count{engine="${engine}"}[5m]))`,
              '{{job}} {{call}}',
            ] as const,
          ],
        },
        {
          title: 'p99',
          unit: 'ms' as const,
          series: [
            [
              `histogram_quantile(0.99, sum by (job, call, le) (rate(adtally_engine_call_ms_bucket{engine="${engine}"}[5m])))`,
              '{{job}} {{call}}',
            ] as const,
          ],
        },
      ],
    })),
  ],
};

const bidders: Board = {
  uid: 'adtally-bidders',
  title: 'Adtally: bidders',
  description: 'Outside demand: who was asked, who answered in time, who won; and the exchange that we are to others.',
  sections: [
    {
      title: 'Now',
      panels: [
        {
          title: 'Auctions a second',
          kind: 'stat',
          unit: 'ops',
          series: [['sum(rate(adtally_bidder_auctions_total[1m]))', 'auctions']],
        },
        {
          title: 'Cut when time was over',
          kind: 'stat',
          unit: 'percentunit',
          series: [
            ['sum(rate(adtally_bidder_auctions_cut_total[5m])) / sum(rate(adtally_bidder_auctions_total[5m]))', 'cut'],
          ],
        },
        {
          title: 'Settled early',
          kind: 'stat',
          unit: 'percentunit',
          series: [
            [
              'sum(rate(adtally_bidder_auctions_settled_early_total[5m])) / sum(rate(adtally_bidder_auctions_total[5m]))',
              'early',
            ],
          ],
        },
        {
          title: 'Breakers open',
          kind: 'stat',
          series: [['sum(adtally_bidder_breakers_open)', 'bidders']],
          redFrom: 1,
        },
        { title: 'Requests in flight', kind: 'stat', series: [['sum(adtally_bidder_in_flight)', 'requests']] },
        {
          title: 'Requests without an outcome',
          note: 'Always 0.',
          kind: 'stat',
          series: [['sum(adtally_bidder_mishandled)', 'requests']],
          redFrom: 1,
        },
      ],
    },
    {
      title: 'From eligible to won',
      panels: [
        {
          title: 'Eligible',
          unit: 'ops',
          series: [['sum by (bidder_id) (rate(adtally_bidder_eligible_total[5m]))', '{{bidder_id}}']],
        },
        {
          title: 'Solicited',
          unit: 'ops',
          series: [['sum by (bidder_id) (rate(adtally_bidder_solicited_total[5m]))', '{{bidder_id}}']],
        },
        {
          title: 'Responded in time',
          unit: 'percentunit',
          series: [
            [
              'sum by (bidder_id) (rate(adtally_bidder_responded_total[5m])) / sum by (bidder_id) (rate(adtally_bidder_solicited_total[5m]))',
              '{{bidder_id}}',
            ],
          ],
        },
        {
          title: 'Participating',
          unit: 'ops',
          series: [['sum by (bidder_id) (rate(adtally_bidder_participating_total[5m]))', '{{bidder_id}}']],
        },
        {
          title: 'Won',
          unit: 'ops',
          series: [['sum by (bidder_id) (rate(adtally_bidder_won_total[5m]))', '{{bidder_id}}']],
        },
        {
          title: 'Not asked, by reason',
          unit: 'ops',
          series: [['sum by (reason) (rate(adtally_bidder_not_asked_total[5m]))', '{{reason}}']],
        },
      ],
    },
    {
      title: 'How they answer',
      panels: [
        {
          title: 'Outcomes',
          unit: 'ops',
          isStacked: true,
          series: [['sum by (outcome) (rate(adtally_bidder_outcomes_total[5m]))', '{{outcome}}']],
        },
        {
          title: 'Time until the outcome, mean',
          unit: 'µs',
          series: [
            [
              'sum by (bidder_id) (rate(adtally_bidder_latency_us_total[5m])) / sum by (bidder_id) (rate(adtally_bidder_outcomes_total[5m]))',
              '{{bidder_id}}',
            ],
          ],
        },
        {
          title: 'Time that they are given',
          unit: 'ms',
          series: [['max by (bidder_id) (adtally_bidder_timeout_ms)', '{{bidder_id}}']],
        },
        {
          title: 'Came late',
          unit: 'ops',
          series: [['sum by (bidder_id) (rate(adtally_bidder_came_late_total[5m]))', '{{bidder_id}}']],
        },
        {
          title: 'Answers that could not be used',
          unit: 'ops',
          series: [['sum by (bidder_id, reason) (rate(adtally_bidder_faults_total[5m]))', '{{bidder_id}} {{reason}}']],
        },
        {
          title: 'Breaker and share let through',
          note: 'Breaker: 0 closed, 1 half open, 2 open.',
          series: [
            ['max by (bidder_id) (adtally_bidder_breaker)', '{{bidder_id}} breaker'],
            ['min by (bidder_id) (adtally_bidder_share)', '{{bidder_id}} share'],
          ],
        },
        {
          title: 'Notices',
          unit: 'ops',
          series: [['sum by (kind, outcome) (rate(adtally_bidder_notices_total[5m]))', '{{kind}} {{outcome}}']],
        },
        { title: 'Notices that wait', series: [['sum by (job) (adtally_bidder_notices_waiting)', '{{job}}']] },
      ],
    },
    {
      title: 'As an exchange',
      panels: [
        {
          title: 'Bid requests, imps and bids',
          unit: 'ops',
          series: [
            ['sum(rate(adtally_bid_requests_total[5m]))', 'requests'],
            ['sum(rate(adtally_bid_request_imps_total[5m]))', 'imps'],
            ['sum(rate(adtally_bids_total[5m]))', 'bids'],
          ],
        },
        {
          title: 'Without any bid, by reason',
          unit: 'ops',
          series: [['sum by (reason) (rate(adtally_bid_requests_without_bid_total[5m]))', '{{reason}}']],
        },
        {
          title: 'Refused and repeated',
          unit: 'ops',
          series: [
            ['sum by (reason) (rate(adtally_bid_requests_refused_total[5m]))', '{{reason}}'],
            ['sum(rate(adtally_bid_requests_repeated_total[5m]))', 'repeated'],
          ],
        },
        {
          title: 'Bids that were not taken',
          unit: 'ops',
          series: [['sum by (reason) (rate(adtally_loss_notices_total[5m]))', 'reason {{reason}}']],
        },
        { title: 'Currency rates too old', series: [['max(adtally_currency_rates_stale)', 'stale']], redFrom: 1 },
      ],
    },
  ],
};

const promised: Board = {
  uid: 'adtally-objectives',
  title: 'Adtally: objectives',
  description:
    'What is promised (dashboards/objectives/objectives.ts), how fast the error budgets are used, and what is left of them.',
  sections: [
    {
      title: 'Error budget that is left, of 30 days',
      panels: objectives.map(({ name, title, meaning, target }) => ({
        title,
        note: `${meaning} Target: ${Number((target * 100).toFixed(4))} %.`,
        kind: 'stat',
        unit: 'percentunit',
        series: [[`adtally:objective_budget:left{objective="${name}"}`, 'left']],
        redBelow: 0,
        width: 6,
      })),
    },
    {
      title: 'Burn rates',
      panels: burnSpans.map((span) => ({
        title: `Over ${span}`,
        note: 'At 1 the budget lasts exactly its period.',
        series: [[`adtally:objective_burn:rate${span}`, '{{objective}}']],
        redFrom: 1,
        width: 6,
      })),
    },
    {
      title: 'Alerts',
      panels: [
        {
          title: 'Firing',
          series: [['count by (alertname, severity) (ALERTS{alertstate="firing"})', '{{alertname}} {{severity}}']],
          width: 24,
        },
      ],
    },
  ],
};

function processes(jobs: string): Board['sections'][number] {
  const of = `job=~"${jobs}"`;
  return {
    title: 'Processes',
    panels: [
      { title: 'Memory', unit: 'bytes', series: [[`process_resident_memory_bytes{${of}}`, '{{job}} {{instance}}']] },
      {
        title: 'CPU',
        note: '1 is one core.',
        series: [[`rate(process_cpu_seconds_total{${of}}[1m])`, '{{job}} {{instance}}']],
      },
      {
        title: 'Event loop, p99 delay',
        unit: 's',
        series: [[`nodejs_eventloop_lag_p99_seconds{${of}}`, '{{job}} {{instance}}']],
      },
      {
        title: 'Time in the collector',
        unit: 'percentunit',
        series: [[`sum by (job, instance) (rate(nodejs_gc_duration_seconds_sum{${of}}[1m]))`, '{{job}} {{instance}}']],
      },
      { title: 'Open files', series: [[`process_open_fds{${of}}`, '{{job}} {{instance}}']] },
      {
        title: 'Spans sent and dropped',
        unit: 'ops',
        series: [['sum by (job, outcome) (rate(adtally_trace_spans_total[5m]))', '{{job}} {{outcome}}']],
      },
    ],
  };
}

/** Every dashboard that is drawn from the metrics of the processes. */
export const boards: readonly Board[] = [truths, serving, streams, engines, bidders, promised];
