/**
 * What the document of a banner may do in its sandboxed frame, as a Content-Security-Policy: scripts of the ad may run there, and fetch over https only;
 * no plug-in, no form over http, no other base. `origin`: of the serving side, allowed besides https.
 */
export function framePolicy(origin: string): Readonly<Record<string, string>> {
  return {
    'default-src': "'none'",
    'script-src': "'unsafe-inline' https:",
    'style-src': "'unsafe-inline' https:",
    'img-src': `https: data: ${origin}`,
    'media-src': `https: data: blob: ${origin}`,
    'font-src': 'https: data:',
    'connect-src': `https: ${origin}`,
    'frame-src': 'https:',
    'form-action': 'https:',
    'base-uri': "'none'",
  };
}

/** Directives as a header or a `meta` element has them. */
export function policyText(directives: Readonly<Record<string, string>>): string {
  return Object.entries(directives)
    .map(([name, value]) => `${name} ${value}`)
    .join('; ');
}
