// Sends an answer to the server, once, and says what came of it in terms the page understands.

/**
 * Posts `body` and resolves with one of: `{ kind: "next", url }`, `{ kind: "errors", errors }`,
 * `{ kind: "ended" }`, `{ kind: "lost" }`, `{ kind: "busy" }`, `{ kind: "network" }`, `{ kind: "refused" }`.
 */
export async function send(url, body) {
  let response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(body),
      credentials: "same-origin",
    });
  } catch {
    return { kind: "network" };
  }
  if (response.status === 401 || response.status === 404) return { kind: "lost" };
  if (response.status === 409 || response.status === 410) return { kind: "ended" };
  if (response.status === 429 || response.status === 503) return { kind: "busy" };
  if (response.status >= 500) return { kind: "network" };
  const answer = await response.json().catch(() => null);
  if (response.ok && typeof answer?.next === "string") {
    const next = new URL(answer.next, location.href);
    if (next.origin === location.origin) return { kind: "next", url: next.href };
  }
  if (Array.isArray(answer?.errors) && answer.errors.length > 0) return { kind: "errors", errors: answer.errors };
  return { kind: "refused" };
}

/** Wraps an action so that it runs once at a time; `busy(true|false)` shows it. */
export function once(action, busy) {
  let running = false;
  return async (...values) => {
    if (running) return;
    running = true;
    busy(true);
    try {
      // Only `true` means that the page is leaving: then it stays busy.
      if ((await action(...values)) === true) return;
    } catch (error) {
      console.error(error);
    }
    running = false;
    busy(false);
  };
}
