/**
 * What an analyst's query may call. A list of what is allowed, since the engine gains functions that read files, tables, settings or the network
 * with every version; everything here computes from its arguments (and the clock) alone. Names are compared without case.
 */
const lists = {
  operators: `plus minus multiply divide intdiv intdivorzero modulo negate abs equals notequals less greater lessorequals greaterorequals and or not
    xor in notin globalin globalnotin nullin notnullin exists like ilike notlike notilike match between tuple array map lambda arrayelement tupleelement
    concat isnull isnotnull isdistinctfrom isnotdistinctfrom`,
  choices: `if multiif case casewithexpression casewithoutexpression coalesce ifnull nullif assumenotnull tonullable least greatest transform`,
  conversions: `cast _cast accuratecast accuratecastornull toint8 toint16 toint32 toint64 toint128 toint256 touint8 touint16 touint32 touint64 touint128
    touint256 tofloat32 tofloat64 todecimal32 todecimal64 todecimal128 tostring todate todate32 todatetime todatetime64 touuid toint64ornull
    tofloat64ornull todateornull todatetimeornull touuidornull touuidorzero toint64orzero parsedatetimebesteffort parsedatetime64besteffort
    parsedatetimebesteffortornull totypename hex unhex`,
  numbers: `round floor ceil ceiling trunc truncate sqrt cbrt exp exp2 exp10 log ln log2 log10 pow power sign sin cos tan asin acos atan pi greatestcommondivisor gcd lcm
    isnan isfinite isinfinite bitand bitor bitxor bitnot bitshiftleft bitshiftright bitcount positivemodulo roundbankers`,
  times: `now now64 today yesterday toyear toquarter tomonth toweek toisoweek toisoyear todayofmonth todayofweek todayofyear tohour tominute tosecond
    tomillisecond tostartofyear tostartofquarter tostartofmonth tostartofweek tomonday tostartofday tostartofhour tostartofminute tostartofsecond
    tostartoffiveminutes tostartoftenminutes tostartoffifteenminutes tostartofinterval tolastdayofmonth totime toyyyymm toyyyymmdd tounixtimestamp
    tounixtimestamp64milli fromunixtimestamp fromunixtimestamp64milli datediff date_diff dateadd date_add datesub date_sub datetrunc date_trunc
    timediff addyears addmonths addweeks adddays addhours addminutes addseconds addmilliseconds subtractyears subtractmonths subtractweeks subtractdays
    subtracthours subtractminutes subtractseconds formatdatetime totimezone timezoneoffset datename monthname tointervalyear tointervalquarter
    tointervalmonth tointervalweek tointervalday tointervalhour tointervalminute tointervalsecond tointervalmillisecond extract makedate
    makedatetime uuidv7todatetime timestamp date`,
  texts: `length char_length character_length lower upper lowerutf8 upperutf8 lengthutf8 reverse reverseutf8 substring substr mid substringutf8 left right
    position locate positioncaseinsensitive positionutf8 startswith endswith empty notempty trim trimleft trimright trimboth ltrim rtrim lpad rpad
    leftpad rightpad replace replaceone replaceall replaceregexpone replaceregexpall extractall splitbychar splitbystring countsubstrings
    concatwithseparator concat_ws format repeat space ascii domain domainwithoutwww topleveldomain path base64encode cityhash64 siphash64 xxhash64 md5
    sha256 formatreadablesize formatreadablequantity formatreadabletimedelta bar`,
  collections: `arrayjoin arraymap arrayfilter arraysum arraycount arrayavg arraymin arraymax arraysort arrayreversesort arrayreverse arraydistinct arrayuniq
    arrayexists arrayall arrayfirst arraylast arrayfirstindex arrayconcat arrayslice arraypushback arrayflatten arrayenumerate arrayenumerateuniq
    arraystringconcat arraycumsum arraydifference arrayzip arrayresize arrayintersect has hasall hasany indexof range mapkeys mapvalues mapcontains
    mapadd mapsort untuple tupleconcat arraycompact arrayproduct`,
  json: `jsonextract jsonextractstring jsonextractint jsonextractuint jsonextractfloat jsonextractbool jsonextractraw jsonextractarrayraw jsonextractkeys
    jsonextractkeysandvalues jsonhas jsonlength jsontype isvalidjson tojsonstring`,
  windows: `row_number rank dense_rank denserank percent_rank cume_dist ntile lag lead laginframe leadinframe first_value last_value nth_value`,
} as const;

const aggregates = `count sum sumwithoverflow avg min max any anylast anyheavy argmin argmax uniq uniqexact uniqcombined uniqcombined64 uniqhll12 uniqthetasketch
  groupuniqarray grouparray grouparraysample grouparraysorted groupbitmap groupbitand groupbitor quantile quantiles quantileexact quantilesexact
  quantileexactlow quantileexacthigh quantiletdigest quantilestdigest quantiledeterministic quantileexactweighted quantiletiming median medianexact
  stddevpop stddevsamp stddev_pop stddev_samp varpop varsamp var_pop var_samp covarpop covarsamp corr skewpop skewsamp kurtpop kurtsamp topk
  topkweighted entropy summap minmap maxmap avgweighted simplelinearregression first_value last_value boundingratio deltasum deltasumtimestamp
  windowfunnel retention sequencecount sequencematch histogram grouping countdistinct`;

/** Suffixes that make an aggregate function another one. */
const combinators = ['if', 'array', 'distinct', 'ornull', 'ordefault', 'foreach'] as const;

/** Keywords that may stand before a parenthesis. */
const keywords = `select from where prewhere having qualify and or not in as on using by all distinct union intersect except over partition with then else
  when case end limit offset top interval between like ilike is any join order group rollup cube sets set replace columns filter exists desc asc
  window ties recursive final inner outer left right full cross semi anti asof array fill interpolate step to rows range preceding following`;

/** Types with arguments, as in `CAST(x AS Decimal(18, 2))`. */
const types = `nullable array tuple map decimal decimal32 decimal64 decimal128 datetime datetime64 fixedstring lowcardinality`;

const words = (text: string): string[] => text.toLowerCase().split(/\s+/);
const functionNames: ReadonlySet<string> = new Set(Object.values(lists).flatMap(words));
const aggregateNames: ReadonlySet<string> = new Set(words(aggregates));
const beforeParenthesis: ReadonlySet<string> = new Set([...words(keywords), ...words(types)]);

/** Our own views with bounds, which read like functions: `selections_between(from = …, to = …)`. */
export function isBoundedView(name: string): boolean {
  return /^(adtally\.)?[a-z_]+_between$/.test(name);
}

/** True for a function that a query may call, aggregates with their combinators included. */
export function isAllowedFunction(name: string): boolean {
  const lower = name.toLowerCase();
  return functionNames.has(lower) || isAggregate(lower);
}

/** True if the name may stand before an opening parenthesis. */
export function mayPrecedeParenthesis(name: string): boolean {
  return beforeParenthesis.has(name.toLowerCase()) || isAllowedFunction(name) || isBoundedView(name);
}

function isAggregate(lower: string): boolean {
  if (aggregateNames.has(lower)) return true;
  const suffix = combinators.find((combinator) => lower.endsWith(combinator));
  return suffix !== undefined && isAggregate(lower.slice(0, -suffix.length));
}
