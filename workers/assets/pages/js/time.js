// Puts every <time> of a page into the reader's zone and language. The server wrote them in UTC.

/** Rewrites the times inside `root`; the UTC form stays as a tooltip. */
export function localiseTimes(root = document) {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
  for (const element of root.querySelectorAll("time[datetime]")) {
    const time = new Date(element.dateTime);
    if (Number.isNaN(time.getTime())) continue;
    element.title = element.textContent;
    element.textContent = format.format(time);
  }
}

localiseTimes();
