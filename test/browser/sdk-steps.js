/**
 * What sdk.browser.engine.test.ts does within the example page: the SDK loaded once more, as a page with two tags or an application with views does.
 *
 * @typedef {import('../../sdk/types.ts').Adtally} Adtally
 * @typedef {{ createAdtally: (options: object) => Adtally }} Script
 */

/** However slow the machine is, the answer to a request is waited for. */
AbortSignal.timeout = () => new AbortController().signal;
/** And a video of four seconds is still playing once two seconds of it were seen. */
document.addEventListener(
  'playing',
  ({ target }) => {
    if (target instanceof HTMLVideoElement) target.playbackRate = 0.5;
  },
  true,
);

const placement = () => new URLSearchParams(location.search).get('banner') ?? '';

Object.assign(window, {
  /** A second copy of the script names the same slot, twice. @returns {Promise<boolean>} whether it got the same slot both times */
  async loadTwice() {
    const address = '/sdk/adtally.js?again';
    const { createAdtally } = /** @type {Script} */ (await import(address));
    const second = createAdtally({ url: location.origin });
    const place = { element: '#banner', placement: placement() };
    const [one, other] = [second.slot(place), second.slot(place)];
    await second.load();
    return one === other;
  },

  /** The sound of the video is turned on or off, one after the other. @param {number} times @returns {Promise<void>} */
  async turnSoundOnAndOff(times) {
    const video = /** @type {HTMLVideoElement} */ (document.querySelector('video'));
    for (let time = 0; time < times; time += 1) {
      const heard = new Promise((resolve) => video.addEventListener('volumechange', resolve, { once: true }));
      video.muted = !video.muted;
      await heard;
    }
  },

  /** A view of an application comes with an ad and goes. @returns {Promise<[number, number, boolean]>} elements before and after, and whether it refreshed */
  async leaveView() {
    const address = '/sdk/adtally.js';
    const { createAdtally } = /** @type {Script} */ (await import(address));
    const element = document.createElement('div');
    document.querySelector('main')?.prepend(element);
    const ads = createAdtally({ url: location.origin });
    const slot = ads.slot({ element, placement: placement() });
    await ads.load();
    const shown = element.children.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    ads.destroy();
    return [shown, element.children.length, await slot.refresh()];
  },
});
