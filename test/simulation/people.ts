import { isAdtallyError } from '../../domain/errors.ts';
import type { BeaconKind } from '../../domain/records.ts';
import type { BeaconResult } from '../../serving/beacons.ts';
import type { DecisionAnswer } from '../../serving/decision-desk.ts';
import { readDecisionRequest } from '../../serving/decision-request.ts';
import type { IssuedDecision } from '../../serving/issue.ts';
import type { Dice } from './dice.ts';
import { forbiddenCall, type HotPath, onHotPath } from './hot-path.ts';
import { sendOverHttp } from './routes.ts';
import type { ServingProcess } from './serving-process.ts';
import type { Attempt } from './story.ts';
import type { World } from './world.ts';

const browser = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36';
const declaredBot = 'Googlebot/2.1 (+http://www.google.com/bot.html)';
/** Simulated time does not pass while code runs; a whole millisecond may be rounded up. */
const graceMs = 1;
const attempts = 4;
const clientPatienceMs = 1_500;
/** So many different people; the last is a bot. */
export const persons = 12;

interface Visitor {
  readonly id: string;
  readonly network: string;
  /** Says so only in its beacons. */
  readonly isBot: boolean;
}

export interface Sent {
  readonly token: string;
  readonly kind: BeaconKind;
  readonly selectionId: string;
}

function tokenOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}

/** People and bots: they ask for ads, look at them, click on some, and try again when nobody answers. */
export class People {
  readonly #world: World;
  readonly #dice: Dice;
  readonly #placements: readonly string[];

  constructor(world: World, placements: readonly string[]) {
    this.#world = world;
    this.#dice = world.dice.for('people');
    this.#placements = placements;
  }

  /** Spreads the visits over the time in which people come. */
  schedule(): void {
    const { time, plan } = this.#world;
    for (let number = 0; number < plan.visits; number += 1) {
      const dice = this.#dice.for(String(number));
      time.after(dice.between(0, plan.activeMs), () => void this.#visit(dice));
    }
  }

  async #visit(dice: Dice): Promise<void> {
    const person = dice.between(1, persons);
    const visitor = { id: `person-${person}`, network: `198.51.${person}.0/24`, isBot: person === persons };
    const body = {
      slots: [{ id: 's', placement_id: dice.pick(this.#placements), count: dice.chance(0.2) ? 2 : 1 }],
      ...(dice.chance(0.7) && { user: { id: visitor.id }, consent: { gdpr: false } }),
      ...(dice.chance(0.05) && { test: true }),
      tmax: dice.pick([50, 100, 200]),
    };
    const answer = await this.#ask(body, visitor, dice);
    for (const ad of answer?.decisions ?? []) void this.#look(ad, visitor, dice.for(ad.selection_id));
  }

  /** A node that takes requests, as a load balancer finds it. */
  #node(dice: Dice): ServingProcess | null {
    const open = this.#world.nodes.map(({ process }) => process).filter((process) => process?.isOpen === true);
    return open.length === 0 ? null : (dice.pick(open) ?? null);
  }

  async #ask(body: object, { id: visitorId, network }: Visitor, dice: Dice): Promise<DecisionAnswer | null> {
    const { story, trouble } = this.#world;
    const node = this.#node(dice);
    if (node === null) return null;
    await this.#travel(dice);
    if (trouble.strikeWire(dice, 'request_lost') || !node.isOpen) return null;
    await node.life.going();
    const arrivedUs = node.life.clock.monotonicUs();
    const caller = {
      channel: 'api',
      userAgent: browser,
      address: network.replace('0/24', '7'),
      trusted: false,
    } as const;
    try {
      const request = readDecisionRequest(body);
      const stands = node.life.stands;
      const [answered, path] = await onHotPath('decision', () =>
        node.decisions.decide(request, { ...caller, truncate: () => network, arrivedUs }),
      );
      const isLate = node.life.clock.monotonicUs() - arrivedUs > ((request.tmaxMs ?? 0) + graceMs) * 1_000;
      this.#holdHotPath(node, path, isLate && node.life.stands === stands && node.life.isAlive);
      for (const { billing, impressionExpiresAt, clickExpiresAt, decision } of answered.ads) {
        story.issued.set(billing.selection_id, {
          billing,
          impressionExpiresAt,
          clickExpiresAt,
          format: decision.format,
          personId: 'user' in body ? visitorId : null,
          wallMs: this.#world.time.now(),
        });
        const { selection_id: id, campaign_id, pricing_model, price_micros, node: by, shard } = billing;
        story.tell(`${by} selects ${id} of ${campaign_id}: ${pricing_model} ${price_micros} in shard ${shard}`);
      }
      if (!node.life.isAlive) return null;
      node.decisions.markReturned(answered);
      await this.#travel(dice);
      return trouble.strikeWire(dice, 'answer_lost') ? null : answered.body;
    } catch (error) {
      if (isAdtallyError(error, 'BUFFER_FULL')) return null;
      throw error;
    }
  }

  /** Invariant 12: a node asks nobody but for the person, and answers in time whoever does not answer it. */
  #holdHotPath(node: ServingProcess, path: HotPath, isLate: boolean): void {
    const { story } = this.#world;
    const call = forbiddenCall(path);
    if (call !== null) story.complain(`${node.life.name} calls ${call} before it answers a ${path.of}`);
    if (isLate) story.complain(`${node.life.name} answers a ${path.of} after its deadline`);
  }

  /** What a browser does with an ad. */
  async #look(ad: IssuedDecision, visitor: Visitor, dice: Dice): Promise<void> {
    if (!dice.chance(0.85)) return;
    const { time } = this.#world;
    const isSlow = dice.chance(0.07);
    await time.sleep(isSlow ? dice.between(3_500, 6_000) : dice.between(20, 1_500));
    const sent = [this.#send(ad, 'impression', visitor, dice.for('impression'))];
    if (ad.beacons.viewable !== undefined && dice.chance(0.75)) {
      await time.sleep(dice.between(100, 1_200));
      sent.push(this.#send(ad, 'viewable', visitor, dice.for('viewable')));
    }
    if (dice.chance(0.65)) {
      await time.sleep(dice.between(500, 1_500));
      sent.push(this.#send(ad, 'click', visitor, dice.for('click')));
    }
    if (dice.chance(0.04)) this.#forge(ad, dice);
    await Promise.all(sent);
  }

  async #send(ad: IssuedDecision, kind: BeaconKind, visitor: Visitor, dice: Dice): Promise<void> {
    const url = kind === 'click' ? ad.click_url : (ad.beacons[kind] ?? '');
    const arrival = { token: tokenOf(url), kind, selectionId: ad.selection_id };
    const { time, trouble } = this.#world;
    if (trouble.strikeWire(dice, 'request_twice')) {
      time.after(dice.between(0, 2_500), () => void this.#deliver(arrival, visitor, dice.for('twice')));
    }
    if (trouble.strikeWire(dice, 'request_late')) await time.sleep(dice.between(500, 5_000));
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      if (await this.#deliver(arrival, visitor, dice)) return;
      await time.sleep(200 * 2 ** attempt);
    }
  }

  /** True if the client was answered while it waited. What it no longer waits for may still be carried out. */
  async #deliver(sent: Sent, visitor: Visitor, dice: Dice): Promise<boolean> {
    const { trouble, time, story } = this.#world;
    await this.#travel(dice);
    const node = this.#node(dice);
    if (node === null || trouble.strikeWire(dice, 'request_lost')) return false;
    const attempt: Attempt = {
      selectionId: sent.selectionId,
      kind: sent.kind,
      wallMs: time.now(),
      isBot: visitor.isBot,
      answer: null,
      receiptId: '',
      judgement: null,
    };
    const answered = await Promise.race([
      this.#take(node, sent, { visitor, attempt, dice }),
      time.sleep(clientPatienceMs).then(() => null),
    ]);
    if (answered === null || trouble.strikeWire(dice, 'answer_lost')) return false;
    if (!answered.taken) {
      attempt.answer = 'refused';
      return true;
    }
    const { judgement, receipt_id: receiptId } = answered.beacon;
    Object.assign(attempt, { answer: 'acknowledged', receiptId, judgement });
    story.tell(`${node.life.name} acknowledges ${sent.kind} of ${sent.selectionId}, ${judgement}`);
    return true;
  }

  /** What the node does; null if it can't be stored. */
  async #take(
    node: ServingProcess,
    sent: Sent,
    { visitor, attempt, dice }: { visitor: Visitor; attempt: Attempt; dice: Dice },
  ): Promise<BeaconResult | null> {
    const { story } = this.#world;
    await node.life.going();
    story.attempts.push(attempt);
    const [result, path] = await onHotPath('beacon', () =>
      dice.chance(0.4) ? this.#takeByRoute(node, sent, visitor) : takeAtDesk(node, sent, visitor),
    );
    this.#holdHotPath(node, path, false);
    if (result === null) return null; // the client sees an error and tries again
    if (!result.taken) story.tell(`${node.life.name} refuses ${sent.kind} of ${sent.selectionId}: ${result.code}`);
    await this.#travel(dice);
    return node.life.isAlive ? result : null;
  }

  /** Over the routes of production; the client knows what its status says. */
  async #takeByRoute(node: ServingProcess, sent: Sent, visitor: Visitor): Promise<BeaconResult | null> {
    const sender = { address: visitor.network.replace('0/24', '7'), userAgent: userAgentOf(visitor) };
    const { result, problem } = await sendOverHttp(node, sent, sender);
    if (problem !== null) this.#world.story.complain(`${node.life.name}: ${problem}`);
    return result;
  }

  /** A token with a broken signature, and one used for what it does not allow. */
  #forge(ad: IssuedDecision, dice: Dice): void {
    const node = this.#node(dice);
    if (node === null || node.life.isStanding) return;
    const token = tokenOf(ad.click_url);
    const forged = `${token.slice(0, 20)}${token[20] === 'A' ? 'B' : 'A'}${token.slice(21)}`;
    const arrival = { transport: 'PIXEL', network: '', userAgent: browser, occurredAt: null, ordinal: 0 } as const;
    for (const [event, used] of [
      ['click', forged],
      ['impression', token],
    ] as const) {
      void Promise.resolve(node.beacons.take({ ...arrival, event, token: used })).then((result) => {
        if (result.taken) this.#world.story.complain(`${node.life.name} takes a forged ${event} of ${ad.selection_id}`);
      });
    }
  }

  #travel(dice: Dice): Promise<void> {
    return this.#world.time.sleep(dice.between(1, 25));
  }
}

function userAgentOf({ isBot }: Visitor): string {
  return isBot ? declaredBot : browser;
}

/** What the routes call, without them. Null if it can't be stored. */
async function takeAtDesk(node: ServingProcess, { kind, token }: Sent, visitor: Visitor): Promise<BeaconResult | null> {
  const result = await node.beacons.take({
    event: kind,
    token,
    transport: kind === 'click' ? 'REDIRECT' : 'PIXEL',
    network: visitor.network,
    userAgent: userAgentOf(visitor),
    occurredAt: null,
    ordinal: 0,
  });
  if (!result.taken) return result;
  return result.stored.then(
    () => result,
    () => null,
  );
}
