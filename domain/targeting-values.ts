/** Formats of ads. */
export const adFormats = ['banner', 'video', 'audio', 'native'] as const;

/** Types of devices, as in `RequestContext`. */
export const deviceTypes = ['desktop', 'phone', 'tablet', 'tv', 'set_top_box', 'connected', 'dooh', 'unknown'] as const;
