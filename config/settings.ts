import { AdtallyError } from '../domain/errors.ts';
import { NetworkSet } from '../domain/network.ts';
import type { Topic } from '../domain/records.ts';
import { type EventStoreDbAddress, readEventStoreDbAddress } from './eventstoredb-address.ts';
import { type KafkaAddress, readKafkaAddress } from './kafka-address.ts';

/** One environment variable: its name, what stands for it if it is not set, what it means, and how its text is read. */
interface Setting<T> {
  readonly variable: string;
  readonly fallback: string;
  readonly meaning: string;
  /** Throws a sentence that completes "NAME …". */
  readonly read: (text: string) => T;
}

function refuse(sentence: string): never {
  throw new AdtallyError('BAD_SETTING', sentence);
}

const unshown = 'what it is set to, which is not shown here';

/** A value as an error shows it: not at all if it may be a URL with a password or a key, in whichever variable it was put by mistake. */
function shown(text: string): string {
  return /[@=/:]/.test(text) ? unshown : JSON.stringify(text.slice(0, 80));
}

/** The scheme of a URL, and nothing of what follows it. */
function shownUrl(text: string): string {
  const [scheme] = /^[a-z][a-z+-]{0,19}:\/\//.exec(text) ?? [];
  return scheme === undefined ? unshown : JSON.stringify(`${scheme}…`);
}

function whole(
  variable: string,
  fallback: number,
  [least, most]: readonly [number, number],
  meaning: string,
): Setting<number> {
  const read = (text: string) => {
    const value = Number(text);
    if (/^[0-9]{1,15}$/.test(text) && value >= least && value <= most) return value;
    return refuse(`must be a whole number from ${least} to ${most}, not ${shown(text)}`);
  };
  return { variable, fallback: String(fallback), meaning, read };
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** A length of time: a bare number is milliseconds; `s`, `min`, `h` and `d` are understood. */
function duration(
  variable: string,
  fallback: string,
  [leastMs, mostMs]: readonly [number, number],
  meaning: string,
): Setting<number> {
  const read = (text: string) => {
    const [, digits = '', unit = 'ms'] = /^([0-9]{1,13})(ms|s|min|h|d)?$/.exec(text) ?? [];
    const valueMs = Number(digits || Number.NaN) * (units[unit] ?? Number.NaN);
    if (valueMs >= leastMs && valueMs <= mostMs) return valueMs;
    return refuse(
      `must be a time from ${leastMs} ms to ${mostMs} ms, as 1500, 1500ms, 90s, 30min, 1h or 45d, not ${shown(text)}`,
    );
  };
  return { variable, fallback, meaning, read };
}

function pattern(variable: string, fallback: string, form: RegExp, meaning: string): Setting<string> {
  const read = (text: string) => (form.test(text) ? text : refuse(`must match ${form.source}, not ${shown(text)}`));
  return { variable, fallback, meaning, read };
}

/** An engine: the embedded one, unless another reads the text. */
function engine(variable: string, meaning: string): Setting<'embedded'> {
  const read = (text: string): 'embedded' => {
    if (text === 'embedded') return 'embedded';
    return refuse(`must be \`embedded\` or the URL of an engine for it, not ${shownUrl(text)}`);
  };
  return { variable, fallback: 'embedded', meaning, read };
}

/** An engine that is reached by a URL; its adapter reads the rest of it, so that none is shown here. */
function engineByUrl(variable: string, schemes: readonly string[], meaning: string): Setting<string> {
  const embedded = engine(variable, meaning);
  const read = (text: string) => (schemes.some((one) => text.startsWith(`${one}://`)) ? text : embedded.read(text));
  return { ...embedded, read };
}

function logEngine(variable: string, meaning: string): Setting<'embedded' | KafkaAddress> {
  const embedded = engine(variable, meaning);
  const read = (text: string) => (text.startsWith('kafka:') ? readKafkaAddress(text) : embedded.read(text));
  return { ...embedded, read };
}

function ledgerEngine(variable: string, meaning: string): Setting<'embedded' | EventStoreDbAddress> {
  const embedded = engine(variable, meaning);
  const read = (text: string) =>
    /^esdb(\+discover)?:/.test(text) ? readEventStoreDbAddress(text) : embedded.read(text);
  return { ...embedded, read };
}

/** A ClickHouse server by its HTTP interface: `http(s)://user:password@host:port/adtally`, or what stands for none. */
function clickhouseUrl(variable: string, none: string, meaning: string): Setting<string> {
  const read = (text: string) => {
    if (text === none || /^https?:\/\/([^\s/?#@:]+(:[^\s/?#@]*)?@)?[^\s/?#@]+(\/(adtally\/?)?)?$/.test(text))
      return text;
    return refuse(
      `must be ${none === '' ? 'empty' : `\`${none}\``} or http(s)://user:password@host:8123/adtally, with what is special in a password as %XX and no other database, not ${shownUrl(text)}`,
    );
  };
  return { variable, fallback: none, meaning, read };
}

/** Lengths of time by topic, ms. */
function lifeByTopic(variable: string, topics: readonly Topic[], meaning: string): Setting<ReadonlyMap<Topic, number>> {
  const read = (given: string) => {
    const parts = given.split(',').filter((part) => part.trim() !== '');
    return new Map(
      parts.map((part) => {
        const [, name = '', days = ''] = /^\s*([a-z]+)=([0-9]{1,4})d\s*$/.exec(part) ?? [];
        const topic = topics.find((known) => known === name);
        if (topic !== undefined && Number(days) > 0) return [topic, Number(days) * day] as const;
        return refuse(
          `must be days by topic, as selected=400d,engagement=90d, of ${topics.join(', ')}; not ${shown(part)}`,
        );
      }),
    );
  };
  return { variable, fallback: '', meaning, read };
}

function publicUrl(variable: string, meaning: string): Setting<string | null> {
  const read = (text: string) => {
    if (text === '') return null;
    if (/^https?:\/\/[^\s/?#]+(\/[^\s?#]*)?$/.test(text)) return text.replace(/\/$/, '');
    return refuse(`must be an http or https URL without query, not ${shownUrl(text)}`);
  };
  return { variable, fallback: '', meaning, read };
}

/** A share from 0 to 1. */
function share(variable: string, meaning: string): Setting<number> {
  const read = (text: string) => {
    if (/^(0|1|0?\.[0-9]{1,9}|1\.0{1,9})$/.test(text)) return Number(text);
    return refuse(`must be a number from 0 to 1, as 0.01, not ${shown(text)}`);
  };
  return { variable, fallback: '0', meaning, read };
}

function httpUrl(variable: string, fallback: string, meaning: string): Setting<string> {
  const read = (text: string) =>
    /^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/.test(text) && URL.canParse(text)
      ? text
      : refuse(`must be an http or https URL without user and query, not ${shownUrl(text)}`);
  return { variable, fallback, meaning, read };
}

/** A page about a trace, with a place for its id. */
function tracePage(variable: string, meaning: string): Setting<string> {
  const read = (text: string) => {
    const isPage = /^https?:\/\/[^\s/?#@"<>]+(\/[^\s"<>]*)?$/.test(text) && text.includes('{trace_id}');
    return text === '' || isPage
      ? text
      : refuse(`must be an http or https URL with {trace_id} in it, not ${shownUrl(text)}`);
  };
  return { variable, fallback: '', meaning, read };
}

/** Networks in CIDR notation, joined by commas. */
function networks(variable: string, meaning: string): Setting<readonly string[]> {
  const read = (given: string) => {
    const list = given.split(',').map((network) => network.trim());
    const named = list.filter((network) => network !== '');
    for (const network of named) {
      try {
        new NetworkSet([network]);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        const quoted = /^[0-9a-fA-F:./]{1,60}$/.test(network) ? JSON.stringify(network) : shown(network);
        return refuse(`must be networks in CIDR notation joined by commas, not ${quoted}`);
      }
    }
    return named;
  };
  return { variable, fallback: '', meaning, read };
}

/** A process whose health and counts the console asks for. */
export interface MetricsTarget {
  readonly name: string;
  readonly kind: 'serve' | 'streams';
  /** Without a slash at the end. */
  readonly url: string;
}

/** Processes with the base of their side, joined by commas; a name begins with the kind. */
function targets(variable: string, meaning: string): Setting<readonly MetricsTarget[]> {
  const read = (given: string) => {
    const parts = given.split(',').filter((part) => part.trim() !== '');
    const found = parts.map((part): MetricsTarget => {
      const [, name = '', kind, url = ''] =
        /^\s*((serve|streams)[a-z0-9-]{0,20})=(https?:\/\/[^\s/?#@]{1,200})\/?\s*$/.exec(part) ?? [];
      if (kind === 'serve' || kind === 'streams') return { name, kind, url };
      return refuse(`must be processes with their URLs, as serve-1=http://127.0.0.1:8080, not ${shown(part)}`);
    });
    if (new Set(found.map(({ name }) => name)).size < found.length) return refuse('names a process twice');
    return found;
  };
  return { variable, fallback: '', meaning, read };
}

function text(variable: string, meaning: string): Setting<string> {
  return { variable, fallback: '', meaning, read: (value) => value };
}

/** Topics whose rows the warehouse may forget; what is not here carries sums over all time: budgets, verdicts, money. */
const forgettable: readonly Topic[] = [
  'selected',
  'impression',
  'engagement',
  'click',
  'exposure',
  'nodes',
  'quarantine',
];
const hostForm = /^[0-9A-Za-z.:-]{1,100}$/;
const day = 86_400_000;
const redisSchemes = ['redis', 'rediss', 'redis-cluster', 'rediss-cluster'];

/** Every setting there is, by the name that the code uses. */
const table = {
  servePort: whole(
    'SERVE_PORT',
    8080,
    [0, 65_535],
    'Port of the public side: decisions, beacons, clicks. 0: any free one.',
  ),
  serveHost: pattern('SERVE_HOST', '127.0.0.1', hostForm, 'Address on which the public side listens.'),
  serveWorkers: whole(
    'SERVE_WORKERS',
    1,
    [1, 64],
    'Serving processes on that port, each a node of its own: NODE_NAME with `-w1`, `-w2` and so on.',
  ),
  serveConnections: whole(
    'SERVE_CONNECTIONS',
    20_000,
    [0, 1_000_000],
    'Open connections of one serving process at most; 0: as many as the system has room for.',
  ),
  headersMs: duration(
    'SERVE_HEADERS_MS',
    '5s',
    [100, 60_000],
    'How long a sender may take over the headers of a request to the public side.',
  ),
  requestMs: duration(
    'SERVE_REQUEST_MS',
    '15s',
    [100, 300_000],
    'How long a sender may take over a whole request to the public side.',
  ),
  floodAddressPerSecond: whole(
    'FLOOD_ADDRESS_PER_SECOND',
    1_000,
    [0, 1_000_000],
    'Requests a second of one address to the public side, by serving process; twice as many at once. Beacons are refused only at twice of that. 0: no limit. This machine itself has none.',
  ),
  floodKeyPerSecond: whole(
    'FLOOD_KEY_PER_SECOND',
    10_000,
    [0, 1_000_000],
    'Requests a second with one console key, in place of the limit by address. 0: no limit.',
  ),
  floodConnections: whole(
    'FLOOD_CONNECTIONS',
    512,
    [0, 1_000_000],
    'Open connections of one address to the public side, by serving process. 0: no limit. This machine itself and TRUSTED_PROXIES have none.',
  ),
  overloadTurnMs: whole(
    'OVERLOAD_TURN_MS',
    100,
    [5, 60_000],
    'Turns of an event loop without rest that are as long as this, in ms, are a load of 100 %: from 70 % on decisions do without what can be skipped, above 90 % the less valuable are refused.',
  ),
  consolePort: whole(
    'CONSOLE_PORT',
    8090,
    [0, 65_535],
    'Port of the private side: catalogue, finance, audit, reports. 0: any free one.',
  ),
  consoleHost: pattern('CONSOLE_HOST', '127.0.0.1', hostForm, 'Address on which the private side listens.'),
  streamsPort: whole(
    'STREAMS_PORT',
    0,
    [0, 65_535],
    'Port, on CONSOLE_HOST, of the health and lag of the streams process. 0: any free one.',
  ),
  metricsTargets: targets(
    'METRICS_TARGETS',
    'Processes that the console watches, as `serve-1=http://10.0.0.1:8080,streams=http://10.0.0.3:8091`; of a host name all addresses are asked. Empty: those at SERVE_PORT and STREAMS_PORT; `npm start` names all that it starts.',
  ),
  publicUrl: publicUrl(
    'PUBLIC_URL',
    'What browsers and SDKs reach the public side by; put into beacon and click URLs. Empty: SERVE_HOST and SERVE_PORT.',
  ),
  dataDir: pattern('DATA_DIR', './data', /^.+$/, 'Folder of everything that the embedded engines keep.'),
  shards: whole(
    'SHARDS',
    4,
    [1, 256],
    'Shards of every topic keyed by selection or campaign. Immutable once DATA_DIR exists.',
  ),
  nodeName: pattern(
    'NODE_NAME',
    'node-1',
    /^[a-z0-9-]{1,12}$/,
    'Name of this serving node; no two live processes may share one.',
  ),
  keys: text(
    'ADTALLY_KEYS',
    'Console keys, `role=key` or `role:advertiser_id=key`, joined by commas. Empty: made at the first start and printed once.',
  ),

  logFormat: pattern(
    'LOG_FORMAT',
    'text',
    /^(text|json)$/,
    'What the processes say of themselves: `text`, a sentence a line, or `json`, a line of JSON each, for whoever collects them.',
  ),
  logLevel: pattern(
    'LOG_LEVEL',
    'info',
    /^(debug|info|warn|error)$/,
    'The least that is said: `debug`, `info`, `warn` or `error`.',
  ),

  logUrl: logEngine(
    'LOG_URL',
    'Event log: `embedded`, or `kafka://host:port[,host:port][/prefix][?replication=3&ssl=true&sasl=scram-sha-512]`.',
  ),
  logSaslUsername: text('LOG_SASL_USERNAME', 'User of the event log on Kafka, if LOG_URL says `sasl=…`.'),
  logSaslPassword: text('LOG_SASL_PASSWORD', 'Password of that user.'),
  schemaRegistryUrl: engineByUrl(
    'SCHEMA_REGISTRY_URL',
    ['http', 'https'],
    "Schema registry: `embedded`, the files of this build, or the root of Confluent's API, `https://[user:password@]host`.",
  ),
  schemaCeiling: whole(
    'SCHEMA_CEILING',
    0,
    [0, 1_000_000],
    'Highest number of a schema (`schemas/avro/ids.json`) that is written, for the first step of a rolling upgrade: that of the version that still runs elsewhere. 0: any.',
  ),
  ledgerUrl: ledgerEngine('LEDGER_URL', 'Ledger store: `embedded`, or `esdb://…` for EventStoreDB.'),
  viewsUrl: engineByUrl(
    'VIEWS_URL',
    redisSchemes,
    'View store: `embedded` or `redis://[user:password@]host[:port][/database]`; `rediss://` with TLS, `redis-cluster://host,host` for a cluster.',
  ),
  shareSelections: pattern(
    'SHARE_SELECTIONS',
    'auto',
    /^(auto|on|off)$/,
    'Whether serving processes tell each other, through the view store, what they selected for a person in the last minute, so that frequency caps hold where people hop between them: `on`, `off`, or `auto`: where VIEWS_URL names a server or SERVE_WORKERS is more than 1.',
  ),
  keysUrl: engineByUrl(
    'KEYS_URL',
    redisSchemes,
    'Key store of persons: `embedded` or a Redis as in VIEWS_URL, with an append-only file and without eviction.',
  ),
  warehouseUrl: clickhouseUrl(
    'WAREHOUSE_URL',
    'embedded',
    'Warehouse for reporting: a ClickHouse server as `http(s)://user:password@host:8123/adtally`.',
  ),
  warehouseAnalystUrl: clickhouseUrl(
    'WAREHOUSE_ANALYST_URL',
    '',
    'The same server as a user who may only read, for the queries of analysts. Empty: the user of WAREHOUSE_URL, held to reading.',
  ),
  warehouseKeepMs: lifeByTopic(
    'WAREHOUSE_KEEP',
    forgettable,
    'How long the warehouse keeps the rows of a topic, as `selected=400d,engagement=90d`; a topic that is not named is kept. The log keeps its records.',
  ),

  holdMs: duration(
    'HOLD_MS',
    '1h',
    [0, 30 * day],
    'From incurred to certified, in time of the fold. Taken into the policy when the log is new.',
  ),
  horizonMs: duration(
    'HORIZON_MS',
    '45d',
    [60_000, 400 * day],
    'H: how long events may still change what a selection is charged. Taken into the policy when the log is new.',
  ),
  impressionTokenMs: duration(
    'IMPRESSION_TOKEN_MS',
    '30min',
    [1_000, 7 * day],
    'How long a token allows impression, viewable and video events.',
  ),
  clickTokenMs: duration('CLICK_TOKEN_MS', '24h', [1_000, 30 * day], 'How long a token allows a click.'),
  bufferBoundMs: duration(
    'BUFFER_BOUND_MS',
    '60s',
    [2_000, day],
    'D: how long a node may hold acknowledged beacons back from the log before it is fenced.',
  ),
  clockSkewMs: duration('CLOCK_SKEW_MS', '2s', [0, 60_000], 'How far clocks of nodes may be apart.'),
  tickMs: duration('TICK_MS', '500', [20, 60_000], 'How often the time of the folds advances.'),
  markMs: duration(
    'MARK_MS',
    '250',
    [20, 60_000],
    'How often a node says that it lives and up to where its buffer is drained.',
  ),
  blockedNetworks: networks(
    'BLOCKED_NETWORKS',
    'Networks that get no ad, in CIDR notation, joined by commas: data centres, known abusers.',
  ),
  trustedProxies: networks(
    'TRUSTED_PROXIES',
    'Networks of your own proxies, in CIDR notation, joined by commas. Of a request that comes from one of them, X-Forwarded-For is read from the right up to the first address that is in none. Empty: the header is ignored.',
  ),
  bidderAddressesAllowed: networks(
    'BIDDER_ADDRESSES_ALLOWED',
    'Networks in CIDR notation at which bidders may be reached though they are not public, joined by commas: 127.0.0.1/32 for a bidder on this machine. Empty: public addresses only.',
  ),
  bidderWait: pattern(
    'BIDDER_WAIT',
    'progressive',
    /^(progressive|cut)$/,
    'How long an auction waits for bidders. `progressive`: until nobody still out can be expected to win. `cut`: until all have answered or time is over.',
  ),
  openrtbPublisher: pattern(
    'OPENRTB_PUBLISHER',
    'only',
    /^(only|off|pub_[0-9A-Za-z]{1,12})$/,
    'Publisher on whose placements and terms bid requests of unknown publishers are sold: its id, or `only`, the one there is if there is but one. `off`: they get no bid.',
  ),
  openrtbImps: whole(
    'OPENRTB_IMPS',
    50,
    [1, 500],
    'Imps of one bid request that are auctioned; those beyond get no bid.',
  ),
  openrtbNetworkMs: duration(
    'OPENRTB_NETWORK_MS',
    '20',
    [0, 1_000],
    'What the way there and back takes of the `tmax` of a bid request.',
  ),
  openrtbBidMs: duration(
    'OPENRTB_BID_MS',
    '10min',
    [1_000, 86_400_000],
    'How long a bid is good for if the imp does not say (`exp`), at most IMPRESSION_TOKEN_MS. Its price is held so much longer than needed if the auction is lost.',
  ),
  openrtbRates: text(
    'OPENRTB_RATES',
    'File of currency rates, `{"dataAsOf":"2026-11-22","conversions":{"USD":{"EUR":0.93}}}`, read anew every minute. Empty: nothing is converted, and a floor in another currency gets no bid.',
  ),
  openrtbRatesOldestMs: duration(
    'OPENRTB_RATES_OLDEST',
    '3d',
    [1_000, 366 * day],
    'Rates that were made (`dataAsOf`) longer ago are refused.',
  ),
  clickWithoutImpressionMs: duration(
    'QUALITY_CLICK_DELAY_MS',
    '60s',
    [0, day],
    'How long traffic quality waits for the impression of a click before it judges the click.',
  ),
  farmWindowMs: duration(
    'QUALITY_FARM_WINDOW_MS',
    '10min',
    [1_000, day],
    'Window in which the clicks of one network are counted together; windows overlap by half.',
  ),
  clickModel: pattern(
    'CLICK_MODEL',
    'on',
    /^(on|off)$/,
    'Whether clicks and views are predicted by a model that learns from the log. `off`: by the smoothed click rates of creatives.',
  ),
  modelWaitMs: duration(
    'MODEL_WAIT_MS',
    '10min',
    [1_000, 7 * day],
    'How long an impression waits for its click before the model learns it; a later click corrects it.',
  ),
  modelPublishMs: duration(
    'MODEL_PUBLISH_MS',
    '10min',
    [1_000, 7 * day],
    'Least time between two versions of the model.',
  ),
  modelKeysDir: text(
    'MODEL_KEYS_DIR',
    'Folder of the keys that sign the model. Whoever serves needs the `.pub.json` files of it alone. Empty: `secrets` in DATA_DIR.',
  ),
  traceSampling: share(
    'TRACE_SAMPLING',
    'Share of the ads that are traced from the request to the ledger entry, as 0.01; by the id of the ad, so that every process traces the same. 0: nothing is traced, and nothing of it is loaded.',
  ),
  traceEndpoint: httpUrl(
    'TRACE_ENDPOINT',
    'http://127.0.0.1:4318/v1/traces',
    'Where spans are sent: OTLP over HTTP, in JSON. What can not be sent is dropped and counted.',
  ),
  traceViewUrl: tracePage(
    'TRACE_VIEW_URL',
    'Page of a trace in your viewer, as `http://localhost:16686/trace/{trace_id}`: the story of an ad links to it. Empty: no link.',
  ),
} as const;

/** All settings, read and checked. Lengths of time are in ms. */
export type Settings = { readonly [Name in keyof typeof table]: ReturnType<(typeof table)[Name]['read']> };

/** The variables as the README lists them. */
export function settingRows(): readonly {
  readonly variable: string;
  readonly fallback: string;
  readonly meaning: string;
}[] {
  return Object.values(table).map(({ variable, fallback, meaning }) => ({ variable, fallback, meaning }));
}

/** Prefix of variables that can only be meant for us. */
const ownPrefix = 'ADTALLY_';

/**
 * Reads every setting from environment variables; an empty one counts as not set.
 * Error: `BAD_SETTING`, naming each variable that is unknown or has a value that can't be used.
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const known = new Set<string>(Object.values(table).map(({ variable }) => variable));
  const faults = Object.keys(env)
    .filter((variable) => variable.startsWith(ownPrefix) && !known.has(variable))
    .map((variable) => `${variable} is not a setting`);
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(table)) {
    try {
      values[name] = setting.read(env[setting.variable] || setting.fallback);
    } catch (error) {
      if (!(error instanceof AdtallyError)) throw error;
      faults.push(`${setting.variable} ${error.message}`);
    }
  }
  if (faults.length > 0) throw new AdtallyError('BAD_SETTING', faults.join('; '));
  return values as Settings;
}
