let known: { readonly publicUrl: string; readonly head: string } | null = null;

/**
 * What stands before the markup of a banner. The document is for a sandboxed frame (`srcdoc`): scripts of the ad may run there, and fetch over https only;
 * no plug-in, no form over http, no other base. The policy must come before anything of the creative. `<html>`, `<head>` and `<body>` of a creative that is
 * a whole document are merged into these by the parser.
 */
function headFor(origin: string): string {
  const policy = [
    "default-src 'none'",
    "script-src 'unsafe-inline' https:",
    "style-src 'unsafe-inline' https:",
    `img-src https: data: ${origin}`,
    `media-src https: data: blob: ${origin}`,
    'font-src https: data:',
    `connect-src https: ${origin}`,
    'frame-src https:',
    'form-action https:',
    "base-uri 'none'",
  ].join('; ');
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><base target="_blank"><title>Advertisement</title></head><body style="margin:0">`;
}

/** The document of a banner around its rendered markup. `publicUrl`: by which browsers reach us; its origin is allowed besides https. */
export function bannerDocument(markup: string, publicUrl: string): string {
  if (known?.publicUrl !== publicUrl) known = { publicUrl, head: headFor(new URL(publicUrl).origin) };
  return known.head + markup;
}
