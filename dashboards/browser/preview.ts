/** A creative, as the console hands it over. */
interface Shown {
  readonly markup: string;
  readonly width: number;
  readonly height: number;
  readonly runsScripts: boolean;
}

/**
 * The page around a previewed creative: it has an origin of its own, and shows what the console's page hands over in a further frame, in which scripts run
 * only if the reader asked for them. What the creative itself says is not listened to.
 */
addEventListener('message', ({ source, data }: MessageEvent<Shown>) => {
  if (source !== parent || typeof data?.markup !== 'string') return;
  const frame = document.createElement('iframe');
  frame.title = 'Advertisement';
  frame.setAttribute('sandbox', data.runsScripts ? 'allow-scripts' : '');
  frame.width = String(data.width);
  frame.height = String(data.height);
  frame.srcdoc = data.markup;
  document.body.replaceChildren(frame);
});
