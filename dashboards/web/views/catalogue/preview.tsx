import { useMemo, useRef, useState } from 'preact/hooks';
import type { MediaTemplate } from '../../../../domain/creative-template.ts';
import { duration, plural, textOf } from '../../format.ts';
import { Badge, Problem, Section } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import type { Entity } from './kinds.ts';
import { type PreviewDocument, type PreviewedCreative, previewOf } from './preview-document.ts';

interface Tracker {
  readonly event: string;
  readonly url: string;
}

/** What a reader would see of a creative, its markup, and whom it calls. */
export function Preview({ creative }: { readonly creative: Entity }) {
  const given = creative as unknown as PreviewedCreative;
  const preview = useMemo(() => previewOf(given), [creative]);
  const trackers = (creative['trackers'] ?? []) as readonly Tracker[];
  return (
    <Section
      id="preview"
      title="Preview"
      note="In a frame with an origin of its own: nothing in it reaches this page, its key or the console’s routes. Its clicks and beacons lead nowhere; pictures are fetched from where they are."
    >
      {preview.kind === 'fault' ? <Problem error={new Error(preview.detail)} /> : null}
      {preview.kind === 'banner' || preview.kind === 'native' ? (
        <Frame document={preview.document} mayRun={preview.kind === 'banner'} />
      ) : null}
      {preview.kind === 'media' ? (
        <>
          {preview.document === null ? null : <Frame document={preview.document} mayRun={false} />}
          <MediaSummary template={preview.template} durationMs={given.duration_ms} />
        </>
      ) : null}
      {trackers.length === 0 ? (
        <p class="note">It calls no trackers of third parties.</p>
      ) : (
        <Table<Tracker>
          caption={plural(trackers.length, 'tracker')}
          name="trackers"
          rows={trackers}
          rowKey={({ event, url }) => `${event} ${url}`}
          columns={[
            { title: 'At', name: 'event', value: ({ event }) => event },
            {
              title: 'Called',
              name: 'url',
              value: ({ url }) => url,
              cell: ({ url }) => <span class="mono">{url}</span>,
            },
          ]}
        />
      )}
      <details>
        <summary>Its markup</summary>
        <pre tabIndex={0}>{given.markup}</pre>
      </details>
    </Section>
  );
}

/**
 * The page `/preview` in a frame: sandboxed by its own policy and by this attribute, so that it has an origin of its own. The creative is handed over once the
 * page is there; nothing that comes back is listened to.
 */
function Frame({ document: shown, mayRun }: { readonly document: PreviewDocument; readonly mayRun: boolean }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [runsScripts, setRuns] = useState(false);
  const { markup, width, height } = shown;
  // An opaque origin can't be named as the target; what is handed over is no secret from the frame that shows it.
  const hand = () => frame.current?.contentWindow?.postMessage({ markup, width, height, runsScripts }, '*');
  return (
    <>
      <div class="preview">
        <iframe
          key={`${runsScripts} ${markup}`}
          ref={frame}
          title="Preview of the creative"
          sandbox="allow-scripts"
          src="/preview"
          width={width}
          height={height}
          onLoad={hand}
        />
      </div>
      {mayRun ? (
        <p class="note">
          {width} × {height} pixels. Scripts of the creative {runsScripts ? 'run in the frame.' : 'do not run.'}{' '}
          <button type="button" class="plain" onClick={() => setRuns(!runsScripts)}>
            {runsScripts ? 'Show it without them' : 'Let them run in the frame'}
          </button>
        </p>
      ) : null}
    </>
  );
}

function MediaSummary({ template, durationMs }: { readonly template: MediaTemplate; readonly durationMs: number }) {
  const { media, wrapper, companions, verifications, skipAfterMs } = template;
  return (
    <>
      <dl class="facts">
        <div>
          <dt>Length</dt>
          <dd>{duration(durationMs)}</dd>
        </div>
        <div>
          <dt>Can be skipped</dt>
          <dd>{skipAfterMs === null ? 'no' : `after ${duration(skipAfterMs)}`}</dd>
        </div>
        {wrapper === null ? null : (
          <div>
            <dt>Wraps the document</dt>
            <dd class="mono">
              {wrapper.url} {wrapper.followWrappers ? null : <Badge looks="plain">no further wrappers</Badge>}
            </dd>
          </div>
        )}
        <div>
          <dt>Companions</dt>
          <dd>{companions.map(({ width, height }) => `${width} × ${height}`).join(', ') || 'none'}</dd>
        </div>
        <div>
          <dt>Measured by</dt>
          <dd>{verifications.map(({ vendor }) => vendor).join(', ') || 'nobody'}</dd>
        </div>
      </dl>
      {media.length === 0 ? null : (
        <Table
          caption={plural(media.length, 'media file')}
          name="media-files"
          rows={media}
          rowKey={({ url }) => url}
          columns={[
            { title: 'Type', name: 'type', value: ({ type, codec }) => `${type}${codec === null ? '' : ` ${codec}`}` },
            { title: 'Size', name: 'size', value: ({ width, height }) => (width === 0 ? '–' : `${width} × ${height}`) },
            {
              title: 'Bitrate, kbit/s',
              name: 'bitrate_kbps',
              isNumber: true,
              value: ({ bitrateKbps }) => bitrateKbps ?? null,
            },
            { title: 'Delivery', name: 'delivery', value: ({ delivery }) => delivery },
            {
              title: 'File',
              name: 'url',
              value: ({ url }) => url,
              cell: ({ url }) => <span class="mono">{textOf(url)}</span>,
            },
          ]}
        />
      )}
    </>
  );
}
