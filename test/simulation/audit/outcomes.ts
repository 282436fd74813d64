import type { Beacon, BeaconKind, PricingModel } from '../../../domain/records.ts';
import type { Attempt, Issued } from '../story.ts';
import type { World } from '../world.ts';
import type { SpendFacts } from './books.ts';
import type { Account } from './ledger-books.ts';

/** The kind of event that each pricing model bills. */
export const billable: Readonly<Record<PricingModel, BeaconKind | null>> = {
  CPM: 'impression',
  VCPM: 'viewable',
  CPC: 'click',
  NONE: null,
};

/** How a selection may end. */
type Ending = 'nothing' | 'charged' | 'absorbed';

interface Case {
  readonly id: string;
  readonly issued: Issued;
  readonly attempts: readonly Attempt[];
  readonly facts: SpendFacts;
  readonly account: Account;
}

/**
 * For every selection the set of endings that are allowed by what its client was told, and whether the ledgers show one of them. An acknowledged billable event
 * is charged once or, where the lease had no cover, absorbed; one that nobody ever sent is not; of one whose answer was lost either may be.
 */
export function judgeSelections(world: World): void {
  const { story, books } = world;
  const differing = idsDiffer(books.receipts.values());
  if (differing !== null) story.complain(differing);
  const byId = Map.groupBy(story.attempts, ({ selectionId }) => selectionId);
  for (const [id, issued] of story.issued) {
    const attempts = byId.get(id) ?? [];
    const one: Case = { id, issued, attempts, facts: books.factsOf(id), account: books.ledgers.account(id) };
    const problem = judge(one, world) ?? lostReceipt(one, world) ?? sharesWrong(one) ?? refusedAttempt(one, world);
    if (problem !== null)
      story.complain(`${id} (${issued.billing.pricing_model} ${issued.billing.price_micros}): ${problem}`);
  }
}

function judge(one: Case, world: World): string | null {
  const { issued, account, facts } = one;
  const price = issued.billing.price_micros;
  const ended: Ending = account.incurred > 0 ? 'charged' : account.absorbed > 0 ? 'absorbed' : 'nothing';
  const allowed = allowedEndings(one, world);
  if (!allowed.has(ended)) return `ended as ${ended}, allowed: ${[...allowed].join(', ')}`;
  const charge = account.certified - account.reversed;
  const isJudged = facts.verdicts.length > 0;
  if (isJudged && (charge !== 0 || account.absorbed !== account.absorbedBack)) {
    return `invalid by ${facts.verdicts[0]?.value.rule}, yet ${charge} is charged and ${account.absorbed - account.absorbedBack} absorbed`;
  }
  const isDoubtful = world.story.contradicted.has(one.id);
  if (isDoubtful && charge !== 0 && charge !== price && facts.adjusted === 0)
    return `charged ${charge} of what was contradicted`;
  if (!isDoubtful && account.suspended !== 0) return 'is in suspense, though nothing contradicts it';
  if (ended === 'charged' && !isJudged && facts.adjusted === 0 && !isDoubtful && charge !== price)
    return `charged ${charge}`;
  if (ended !== 'charged' && account.certified > 0) return `${account.certified} certified without a charge`;
  if (!isJudged && !isDoubtful && account.voided > 0) return `${account.voided} voided without a verdict`;
  if (!isJudged && facts.adjusted === 0 && account.reversed > 0) return `${account.reversed} taken back on no ground`;
  return botIsJudged(one) ? null : 'a declared bot was acknowledged and is not judged';
}

function allowedEndings(one: Case, world: World): ReadonlySet<Ending> {
  const { issued, attempts } = one;
  const { billing } = issued;
  const kind = billable[billing.pricing_model];
  if (kind === null || billing.test || billing.price_micros === 0) return new Set<Ending>(['nothing']);
  const tried = attempts.filter((attempt) => attempt.kind === kind);
  const accepted = tried.filter(({ answer, judgement }) => answer === 'acknowledged' && judgement === 'ACCEPTED');
  const unknown = tried.filter(({ answer }) => answer === null);
  const allowed = new Set<Ending>();
  if (accepted.length === 0) allowed.add('nothing');
  if (accepted.length > 0 || unknown.length > 0) {
    allowed.add('charged');
    if (mayBeAbsorbed(one, world)) {
      allowed.add('absorbed');
    }
  }
  return allowed;
}

/**
 * Absorbed is our cost and no advertiser's, but not at will: only where the lease that was to pay was fenced before its draw arrived, where a click found no lease,
 * where the reservation was released because a node was fenced with the beacon in its buffer, or where clocks jumped farther than the platform allows for.
 */
function mayBeAbsorbed({ issued, facts, account }: Case, { books, trouble }: World): boolean {
  const { billing } = issued;
  const fences = books.shards[billing.shard]?.fences ?? new Map<string, number>();
  const first = facts.incurred[0];
  if (first === undefined) return false;
  if ((trouble.counts.get('clock_jump') ?? 0) > 0) return true;
  const fencedBefore = (lease: { node: string; boot: string } | null, offset: number) =>
    lease === null || (fences.get(`${lease.node}/${lease.boot}`) ?? Number.POSITIVE_INFINITY) < offset;
  if (billing.pricing_model === 'CPC') return fencedBefore(first.value.draw_lease, first.offset);
  const reserved = facts.reserved[0];
  const drawnAt = Math.min(reserved?.offset ?? Number.POSITIVE_INFINITY, first.offset);
  if (fencedBefore(billing.draw_lease, drawnAt)) return true;
  const { node, boot } = first.value.origin;
  const wasReleased = account.released > 0 && first.foldTime >= billing.expires_at;
  return wasReleased && books.ends.get(`${node}/${boot}`) === 'timed_out';
}

/** A retry, a duplicate and a recovery of an event have its one id. */
function idsDiffer(receipts: Iterable<Beacon>): string | null {
  const ids = new Map<string, string>();
  for (const { billing, kind, event_id: id } of receipts) {
    const key = `${billing.selection_id} ${kind}`;
    if ((ids.get(key) ?? id) !== id) return `${key} has the event ids ${ids.get(key)} and ${id}`;
    ids.set(key, id);
  }
  return null;
}

/** Every arrival that was acknowledged is in the evidence, as it was acknowledged. */
function lostReceipt({ attempts, issued }: Case, { books }: World): string | null {
  for (const { answer, receiptId, kind, judgement, wallMs } of attempts) {
    if (answer !== 'acknowledged') continue;
    const beacon = books.receipts.get(receiptId);
    if (beacon === undefined) return `the acknowledged ${kind} ${receiptId} is not in the log`;
    if (beacon.kind !== kind || beacon.judgement !== judgement)
      return `${kind} ${receiptId} was recorded as ${beacon.kind}, ${beacon.judgement}`;
    const expiresAt = kind === 'click' ? issued.clickExpiresAt : issued.impressionExpiresAt;
    const isLate = beacon.received_at > expiresAt;
    if (isLate !== (judgement === 'LATE'))
      return `${kind} of ${wallMs} was judged ${judgement}, it ends at ${expiresAt}`;
  }
  return null;
}

/** What an advertiser pays and what others get is the same money, and the publisher has his share by his own rule. */
function sharesWrong({ issued, account }: Case): string | null {
  const { billing } = issued;
  const net = account.certified - account.reversed + account.absorbed - account.absorbedBack;
  const given = account.publisher + account.platform + account.rounding;
  if (given !== net) return `${net} came in, ${given} was given out`;
  if (account.reversed > 0 || account.absorbedBack > 0 || net === 0) return null;
  const product = BigInt(billing.price_micros) * BigInt(billing.revenue_share_ppm);
  const [whole, rest] = [product / 1_000_000n, product % 1_000_000n];
  const up = { DOWN: false, UP: rest > 0n, HALF_EVEN: rest > 500_000n || (rest === 500_000n && whole % 2n === 1n) };
  const share = Number(whole) + (up[billing.share_rounding] ? 1 : 0);
  return account.publisher === share ? null : `the publisher got ${account.publisher}, his share is ${share}`;
}

/** Every token here is genuine, and every key verifies longer than its tokens live. */
function refusedAttempt({ attempts }: Case, { trouble }: World): string | null {
  if ((trouble.counts.get('clock_jump') ?? 0) > 0) return null;
  const refused = attempts.find(({ answer }) => answer === 'refused');
  return refused === undefined ? null : `a genuine ${refused.kind} was refused`;
}

/** A bot that says so is judged, once its beacon was taken. */
function botIsJudged({ attempts, facts, account }: Case): boolean {
  const charged = account.incurred + account.absorbed > 0;
  const isBot = attempts.some(
    ({ isBot: bot, answer, judgement }) => bot && answer === 'acknowledged' && judgement === 'ACCEPTED',
  );
  return !isBot || !charged || facts.verdicts.length > 0;
}
