import { AdtallyError } from '../../domain/errors.ts';
import type { Http, HttpRequest } from '../../ports/http.ts';

/** The compatibility that every subject is held to: the newest schema reads all older ones. */
export const compatibility = 'BACKWARD_TRANSITIVE';

/** A version of a subject as the registry has it. */
export interface RegisteredSchema {
  readonly id: number;
  /** The .avsc as text. */
  readonly schema: string;
}

const timeoutMs = 10_000;
const contentType = 'application/vnd.schemaregistry.v1+json';

/**
 * What Adtally asks of a registry with Confluent's REST API. Errors: `SCHEMAS_UNAVAILABLE` (retriable) where it gives no answer, or one that is not of
 * the API; `SCHEMA_INCOMPATIBLE` where it refuses a schema.
 */
export class RegistryClient {
  readonly #http: Http;
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** Error: `BAD_SETTING`. User and password of the URL go into a header, and nowhere else. */
  constructor(url: string, http: Http) {
    if (!URL.canParse(url)) throw new AdtallyError('BAD_SETTING', 'SCHEMA_REGISTRY_URL must be an http or https URL');
    const { origin, pathname, username, password } = new URL(url);
    this.#http = http;
    this.#base = origin + pathname.replace(/\/$/, '');
    this.#headers = {
      accept: contentType,
      'content-type': contentType,
      ...(username === '' && password === '' ? {} : { authorization: basic(username, password) }),
    };
  }

  /** Has the registry hold a subject to `compatibility`, unless it does already or holds it to more. */
  async requireCompatibility(subject: string): Promise<void> {
    const path = `/config/${encodeURIComponent(subject)}`;
    if (await this.#isHeld(path)) return;
    const set = await this.#send('PUT', path, { compatibility });
    // 409: another start has set it in between.
    if (set.status === 200 || (set.status === 409 && (await this.#isHeld(path)))) return;
    throw this.#unexpected(`PUT ${path}`, set);
  }

  async #isHeld(path: string): Promise<boolean> {
    const { status, body } = await this.#send('GET', path);
    return status === 200 && [compatibility, 'FULL_TRANSITIVE'].includes(String(body['compatibilityLevel']));
  }

  /** Id of a schema of a subject, or null if the subject does not have it. */
  async find(subject: string, schema: unknown): Promise<number | null> {
    const path = `/subjects/${encodeURIComponent(subject)}`;
    const answer = await this.#send('POST', path, { schema: JSON.stringify(schema) });
    if (answer.status === 404) return null;
    return this.#idOf(`POST ${path}`, answer);
  }

  /** Registers a schema as the newest of its subject. @returns its id. Error: `SCHEMA_INCOMPATIBLE`. */
  async register(subject: string, schema: unknown): Promise<number> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    const answer = await this.#send('POST', path, { schema: JSON.stringify(schema) });
    if (answer.status === 409 || answer.status === 422) {
      throw new AdtallyError('SCHEMA_INCOMPATIBLE', `${subject} is refused by the registry: ${messageOf(answer)}`);
    }
    return this.#idOf(`POST ${path}`, answer);
  }

  /** All that a subject has, oldest first. */
  async versions(subject: string): Promise<readonly RegisteredSchema[]> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    const { status, body } = await this.#send('GET', path);
    if (status !== 200 || !Array.isArray(body)) throw this.#unexpected(`GET ${path}`, { status, body });
    return Promise.all(body.map((version) => this.#version(`${path}/${String(version)}`)));
  }

  async #version(path: string): Promise<RegisteredSchema> {
    const answer = await this.#send('GET', path);
    const { schema } = answer.body;
    if (typeof schema !== 'string') throw this.#unexpected(`GET ${path}`, answer);
    return { id: this.#idOf(`GET ${path}`, answer), schema };
  }

  #idOf(what: string, answer: Answer): number {
    const { id } = answer.body;
    if (answer.status !== 200 || !Number.isInteger(id)) throw this.#unexpected(what, answer);
    return id as number;
  }

  #unexpected(what: string, answer: Answer): AdtallyError {
    return unavailable(`${what} at ${this.#base}: ${answer.status} ${messageOf(answer)}`);
  }

  async #send(method: HttpRequest['method'], path: string, body?: unknown): Promise<Answer> {
    const request = { method, url: this.#base + path, headers: this.#headers, timeoutMs };
    try {
      const sent = body === undefined ? request : { ...request, body: JSON.stringify(body) };
      const answer = await this.#http.send(sent);
      return { status: answer.status, body: parsed(answer.body) };
    } catch (error) {
      if (!(error instanceof AdtallyError)) throw error;
      throw unavailable(error.message, error);
    }
  }
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

function unavailable(sentence: string, cause?: unknown): AdtallyError {
  return new AdtallyError('SCHEMAS_UNAVAILABLE', `schema registry: ${sentence}`, { cause });
}

function basic(username: string, password: string): string {
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** A body that is no JSON is the page of somebody in between: it has none of the fields that are asked for. */
function parsed(body: Uint8Array): Readonly<Record<string, unknown>> {
  const text = Buffer.from(body).toString();
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return { message: text };
  }
}

function messageOf({ body }: Answer): string {
  const { message } = body;
  return typeof message === 'string' ? message.slice(0, 400) : '';
}
