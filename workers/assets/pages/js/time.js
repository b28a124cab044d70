// Puts every <time> of a page into the reader's zone and language. The server wrote them in UTC.

/** Rewrites the times inside `root`; the UTC form stays as a tooltip. */
export function localiseTimes(root = document) {
  const format = (dateStyle) => new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle, timeStyle: "short" });
  const [long, medium] = [format("long"), format("medium")];
  for (const element of root.querySelectorAll("time[datetime]")) {
    const time = new Date(element.dateTime);
    if (Number.isNaN(time.getTime())) continue;
    element.title = element.textContent;
    // Where many stand side by side, each is to fit beside its label.
    element.textContent = (element.closest(".facts.small") ? medium : long).format(time);
  }
}

localiseTimes();
