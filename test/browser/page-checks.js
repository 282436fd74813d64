/** Put into pages under test (`addInitScript`): what a reader would trip over, in words. */

/** @returns {string[]} controls that a screen reader could not name */
function unnamedControls() {
  /** @type {NodeListOf<HTMLElement>} */
  const controls = document.querySelectorAll('button, a[href], input, select, iframe');
  return Array.from(controls)
    .filter((one) => {
      const labels = /** @type {HTMLInputElement} */ (one).labels;
      const isLabelled = (labels?.length ?? 0) > 0 || one.getAttribute('aria-label') !== null;
      return !isLabelled && (one.textContent ?? '').trim() === '' && one.title === '';
    })
    .map((one) => one.outerHTML.slice(0, 120));
}

/** @param {string} color as computed: rgb(r, g, b) or rgba(r, g, b, a) */
function channels(color) {
  return (color.match(/[\d.]+/g) ?? []).map(Number);
}

/** Relative luminance (WCAG 2.2).
 * @param {string} color as computed */
function luminance(color) {
  const [r = 0, g = 0, b = 0] = channels(color).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** @param {Element} element whose nearest opaque background is wanted */
function groundOf(element) {
  for (let at = /** @type {Element | null} */ (element); at !== null; at = at.parentElement) {
    const { backgroundColor } = getComputedStyle(at);
    if ((channels(backgroundColor)[3] ?? 1) === 1) return backgroundColor;
  }
  return 'rgb(255, 255, 255)';
}

/** @returns {string[]} texts with less than 4.5 : 1 of contrast (WCAG 2.2, 1.4.3) */
function paleTexts() {
  /** @type {NodeListOf<HTMLElement>} */
  const elements = document.querySelectorAll('body *');
  const isText = (/** @type {ChildNode} */ node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim() !== '';
  return Array.from(elements)
    .filter((one) => one.checkVisibility() && Array.from(one.childNodes).some(isText))
    .filter((one) => !one.matches(':disabled, .skip, option'))
    .flatMap((one) => {
      const [text, ground] = [luminance(getComputedStyle(one).color), luminance(groundOf(one))];
      const contrast = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
      return contrast < 4.5 ? [`${contrast.toFixed(2)} ${one.tagName} ${one.innerText.slice(0, 40)}`] : [];
    });
}

/** @returns {boolean} whether one has to scroll sideways */
function isTooWide() {
  return document.documentElement.scrollWidth > window.innerWidth;
}

Object.assign(globalThis, { pageChecks: { unnamedControls, paleTexts, isTooWide } });
