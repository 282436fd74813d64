import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
}

/** A span as a collector has it. */
export interface CollectedSpan extends OtlpSpan {
  /** `service.name` of who sent it. */
  readonly service: string;
}

interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: OtlpSpan['attributes'] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

/** Takes spans by OTLP over HTTP, as a collector would, and keeps them all. */
export class CollectorDouble {
  readonly spans: CollectedSpan[] = [];
  /** Requests of any kind, also such as are not understood. */
  requests = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<CollectorDouble> {
    const server = createServer();
    const collector = new CollectorDouble(server);
    server.on('request', (request, response) => {
      collector.requests += 1;
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        collector.#take(JSON.parse(body) as OtlpRequest);
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return collector;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1/traces`;
  }

  /** Names from a span up to where nothing is known above it. */
  pathOf(span: CollectedSpan): readonly string[] {
    const names = [span.name];
    for (let at: CollectedSpan | undefined = span; at?.parentSpanId !== undefined && names.length < 20; ) {
      const above: string = at.parentSpanId;
      at = this.spans.find(({ traceId, spanId }) => traceId === span.traceId && spanId === above);
      names.push(at?.name ?? 'unknown');
    }
    return names;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take({ resourceSpans }: OtlpRequest): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = String(resource.attributes.find(({ key }) => key === 'service.name')?.value['stringValue']);
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) this.spans.push({ ...span, service });
    }
  }
}
