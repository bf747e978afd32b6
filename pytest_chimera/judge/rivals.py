"""Values that a page tells in the place of the one that is expected: "0 left 1 left 2 left" tells nobody how many."""

from __future__ import annotations

# (document, text) → the other texts of its form that can be read on the page, with other numbers in them.
# Not so in what a person presses, and where a label says whose number it is.
RIVALS = r"""(() => {
  const PRESSED = "a, button, option, select, label, nav, [role=button], [role=link], [role=tab], [role=menuitem], "
    + "[role=option]";
  const BLOCK = "li, tr, p, div, section, article, dd, dt, figure, fieldset, td, th, main, body";
  const plain = (text) => text.replace(/[\u00ad\u200b]/g, "").replace(/\s+/g, " ").trim();
  const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\\/]/g, "\\$&").replace(/ /g, "\\s+");
  const formOf = (text) => {
    const parts = plain(text).split(/\d+/).map(escaped);
    return new RegExp(`(?<![\\p{L}\\p{N}]|\\d[.,:\\/-])${parts.join("\\d+")}(?![\\p{L}\\p{N}]|[.,:\\/-]\\d)`, "giu");
  };
  const ownText = (e) => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  // Values one behind the other, with no word between them, and those that stand alone.
  const runs = (whole, form) => {
    const all = [...whole.matchAll(form)], found = [];
    for (const [place, match] of all.entries()) {
      const last = all[place - 1];
      const between = last ? whole.slice(last.index + last[0].length, match.index) : "";
      if (last && !/\p{L}/u.test(between)) found.at(-1).push(match[0]);
      else found.push([match[0]]);
    }
    const alone = !/\p{L}/u.test(whole.replace(form, ""));
    return found.filter(run => run.length > 1 || alone).flat();
  };
  const isRead = (e) => e.checkVisibility({visibilityProperty: true, opacityProperty: true}) && !e.closest(PRESSED);
  const readIn = (e) => [...e.childNodes].map(n => n.nodeType === 3 ? n.textContent
    : n.nodeType === 1 && isRead(n) ? ` ${readIn(n)} ` : n.nodeType === 1 ? " x " : "").join("");
  return (_, text) => {
    const form = formOf(text), wanted = plain(text).toLowerCase();
    const holders = [...document.querySelectorAll(BLOCK)].filter(e => !e.querySelector(BLOCK) || ownText(e));
    const found = holders.filter(isRead).flatMap(e => runs(plain(readIn(e)), form)).map(plain);
    return [...new Set(found.filter(value => value.toLowerCase() !== wanted))];
  };
})()"""
