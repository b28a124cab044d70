// Fills the places of a text: say("Page {page}", { page: 2 }).

/** The text with its places filled; a place without a value stays. */
export function say(text, values = {}) {
  return text.replace(/\{(\w+)\}/g, (place, key) => (key in values ? String(values[key]) : place));
}
