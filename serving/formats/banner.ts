import { framePolicy, policyText } from '../../domain/frame-policy.ts';

let known: { readonly publicUrl: string; readonly head: string } | null = null;

/**
 * What stands before the markup of a banner. The document is for a sandboxed frame (`srcdoc`). The policy must come before anything of the creative.
 * `<html>`, `<head>` and `<body>` of a creative that is a whole document are merged into these by the parser.
 */
function headFor(origin: string): string {
  const policy = policyText(framePolicy(origin));
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><base target="_blank"><title>Advertisement</title></head><body style="margin:0">`;
}

/** The document of a banner around its rendered markup. `publicUrl`: by which browsers reach us; its origin is allowed besides https. */
export function bannerDocument(markup: string, publicUrl: string): string {
  if (known?.publicUrl !== publicUrl) known = { publicUrl, head: headFor(new URL(publicUrl).origin) };
  return known.head + markup;
}
