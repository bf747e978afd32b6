"""Seen means seen by a person: one table of rules for what a test expected to see, and for what it pressed.

Playwright calls visible whatever has a box and is not hidden by its style. A person sees nothing of what is
transparent, tiny, as pale as what lies behind it, beside the page, under something else or cut off.
"""

from __future__ import annotations

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    "hidden": "it is not displayed",
    "opacity": "it is transparent",
    "size": "it is too small to be seen",
    "off the page": "it lies where no scrolling leads to",
    "clipped": "what holds it cuts it off",
    "covered": "something else lies over it",
    "contrast": "it has the color of what lies behind it",
    "nothing drawn": "nothing is drawn in its place",
    "name": "its accessible name says something else than is written on it",
    "not to be looked at": "the page did not let it be looked at",
}
"""Each rule with what is wrong where it is broken; the first that is broken is told."""

# (root, wish) → the first rule that is broken, or "".
#   wish.texts: what is expected to be read there: [text, flags] is a pattern, a string a part of the text.
#   wish.pressed: a person has to find it, so that it can be pressed.  wish.basic: where it lies is left out.
EYE = r"""(() => {
  const LEAST_OPACITY = 0.15, LEAST_CONTRAST = 1.3, LEAST_TEXT = 5, LEAST_CONTROL = 6, LEAST_THING = 2;
  const LEAST_SHOWN = 0.2;
  const NO_BOX = "option, optgroup, head, head *, script, style, template, source, track, param, area, map";
  const DRAWN = "svg, img, canvas, video, picture, object, embed, iframe, progress, meter, input, select, textarea, hr";
  const style = (e, pseudo) => getComputedStyle(e, pseudo);
  const up = (e) => e.assignedSlot ?? e.parentElement ?? e.getRootNode().host ?? null;
  const above = function* (e) { for (let each = e; each; each = up(each)) yield each; };
  const plain = (text) => text.replace(/[\u00ad\u200b]/g, "").replace(/\s+/g, " ").trim();

  // -- colors
  const paint = new Map();
  const color = (text) => {
    if (!paint.has(text)) paint.set(text, parsed(text));
    return paint.get(text);
  };
  const parsed = (text) => {
    const numbers = /^rgba?\(([^)]+)\)$/.exec(text)?.[1].split(/[\s,/]+/).map(parseFloat);
    if (numbers) return [numbers[0], numbers[1], numbers[2], numbers[3] ?? 1];
    const pen = new OffscreenCanvas(1, 1).getContext("2d");
    pen.fillStyle = text;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => {
    const a = top[3] + below[3] * (1 - top[3]);
    return [0, 1, 2].map(i => a ? (top[i] * top[3] + below[i] * below[3] * (1 - top[3])) / a : 0).concat(a);
  };
  const light = (c) => {
    const [r, g, b] = c.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  const opacity = (e) => {
    let shown = 1;
    for (const each of above(e)) {
      const own = style(each);
      const filtered = /opacity\(([\d.]+)(%?)\)/.exec(own.filter);
      shown *= parseFloat(own.opacity) * (filtered ? parseFloat(filtered[1]) / (filtered[2] ? 100 : 1) : 1);
    }
    return shown;
  };

  // -- boxes
  const boxOf = (thing) => {
    const all = [...thing.getClientRects()].filter(each => each.width > 0 && each.height > 0);
    if (!all.length) return thing.getBoundingClientRect();
    const left = Math.min(...all.map(r => r.left)), top = Math.min(...all.map(r => r.top));
    return new DOMRect(left, top, Math.max(...all.map(r => r.right)) - left, Math.max(...all.map(r => r.bottom)) - top);
  };
  const meet = (one, other) => {
    const left = Math.max(one.left, other.left), top = Math.max(one.top, other.top);
    const width = Math.min(one.right, other.right) - left, height = Math.min(one.bottom, other.bottom) - top;
    return new DOMRect(left, top, Math.max(0, width), Math.max(0, height));
  };
  const moves = (own) => own.transform !== "none" || own.perspective !== "none" || own.filter !== "none"
    || /paint|layout|strict|content/.test(own.contain);
  // How much is left of a box in all that cuts it off; what a person can scroll to is not cut off.
  const reach = (e, box) => {
    const [width, height] = [box.width, box.height];
    let left = box, position = style(e).position, share = 1;
    for (const each of above(up(e))) {
      const own = style(each);
      if (each === document.documentElement || each === document.body) continue;
      if (position === "fixed" && !moves(own)) continue;
      if (position === "absolute" && own.position === "static" && !moves(own)) continue;
      position = own.position;
      const port = each.getBoundingClientRect();
      const scrolls = (axis) => /auto|scroll/.test(own["overflow" + axis]);
      const cuts = (axis) => /hidden|clip/.test(own["overflow" + axis]);
      if (!(scrolls("X") || scrolls("Y") || cuts("X") || cuts("Y")) || own.display === "inline") continue;
      const wide = new DOMRect(-1e7, -1e7, 2e7, 2e7);
      const inner = new DOMRect(
        scrolls("X") ? port.left - Math.abs(each.scrollLeft) : cuts("X") ? port.left : wide.left,
        scrolls("Y") ? port.top - Math.abs(each.scrollTop) : cuts("Y") ? port.top : wide.top,
        scrolls("X") ? each.scrollWidth : cuts("X") ? port.width : wide.width,
        scrolls("Y") ? each.scrollHeight : cuts("Y") ? port.height : wide.height);
      const shown = meet(left, inner);
      share = Math.min(share, shown.width * shown.height / Math.max(1e-9, left.width * left.height));
      if (share < LEAST_SHOWN || shown.width < 1 || shown.height < 1) return "clipped";
      left = scrolls("X") || scrolls("Y") ? port : shown;
    }
    const page = document.scrollingElement ?? document.documentElement;
    const backwards = style(document.documentElement).direction === "rtl" ? 1e7 : 0;
    const fixed = [...above(e)].some(each => style(each).position === "fixed");
    const sheet = fixed ? new DOMRect(0, 0, innerWidth, innerHeight) : new DOMRect(
      -scrollX - backwards, -scrollY,
      Math.max(page.scrollWidth, innerWidth) + backwards, Math.max(page.scrollHeight, innerHeight));
    const on = meet(left, sheet);
    const enough = on.width * on.height >= LEAST_SHOWN * left.width * left.height;
    return enough && on.width > 0 && on.height > 0 ? "" : "off the page";
  };

  // -- what lies where: everything takes part, whatever the pointer goes through; nobody notices
  const inView = (e, box, look) => {
    const middle = (r) => [r.left + r.width / 2, r.top + r.height / 2];
    const inside = ([x, y]) => x >= 0 && y >= 0 && x < innerWidth && y < innerHeight;
    const places = [...above(e), document.scrollingElement].filter(Boolean).map(p => [p, p.scrollLeft, p.scrollTop]);
    const holders = [...above(up(e))].filter(p => p.scrollHeight > p.clientHeight || p.scrollWidth > p.clientWidth);
    const hidden = holders.some(p => {
      const r = p.getBoundingClientRect(), [x, y] = middle(box());
      return style(p).overflow !== "visible" && (x < r.left || x > r.right || y < r.top || y > r.bottom);
    });
    const before = [...document.adoptedStyleSheets], sheet = new CSSStyleSheet();
    sheet.replaceSync("*, *::before, *::after { pointer-events: auto !important; }");
    try {
      document.adoptedStyleSheets = [...before, sheet];
      if (!inside(middle(box())) || hidden) e.scrollIntoView({block: "center", inline: "center", behavior: "instant"});
      return look(box());
    } finally {
      document.adoptedStyleSheets = before;
      for (const [p, x, y] of places) {
        if (p.scrollLeft !== x || p.scrollTop !== y) p.scrollTo({left: x, top: y, behavior: "instant"});
      }
    }
  };
  const stack = (x, y) => {
    const all = [];
    const walk = (root) => {
      for (const e of root.elementsFromPoint(x, y)) {
        if (all.includes(e)) continue;
        if (e.shadowRoot && e.shadowRoot !== root) walk(e.shadowRoot);
        if (!all.includes(e)) all.push(e);
      }
    };
    walk(document);
    return all;
  };
  const related = (e, other) => [...above(e)].includes(other) || [...above(other)].includes(e);
  const isOpaque = (e) => {
    const own = style(e);
    const whole = e.matches("img, canvas, video, iframe, object, embed") || color(own.backgroundColor)[3] > 0.9
      || own.backgroundImage !== "none";
    return whole && opacity(e) > 0.9;
  };
  const points = (r) => [[.5, .5], [.25, .5], [.75, .5], [.5, .2], [.5, .8], [.1, .5], [.9, .5]]
    .map(([x, y]) => [r.left + r.width * x, r.top + r.height * y])
    .filter(([x, y]) => x >= 0 && y >= 0 && x < innerWidth && y < innerHeight);
  const isCovered = (e, r) => {
    const all = points(r);
    return all.length > 0 && all.every(([x, y]) => {
      const here = stack(x, y);
      const own = here.findIndex(each => each === e || [...above(each)].includes(e));
      if (own < 0 && !here.some(each => related(e, each))) return true;  // what cuts it off lies in no list
      const over = own < 0 ? here.slice(0, here.findIndex(each => related(e, each))) : here.slice(0, own);
      return over.some(each => !related(e, each) && isOpaque(each)) || (own < 0 && cutOut(e));
    });
  };
  const cutOut = (e) => [...above(e)].some(each => style(each).clipPath !== "none" || style(each).clip !== "auto");

  // -- what is drawn
  const written = (e) => e.matches("input, textarea") ? e.value || e.placeholder
    : e.matches("select") ? [...e.selectedOptions].map(o => o.text).join(" ") : plain(e.innerText ?? e.textContent);
  // The colors behind an element; null where a picture is among them.
  const behind = (e, r, itself) => {
    const under = [];
    const [x, y] = points(r)[0] ?? [-1, -1];
    const here = x < 0 ? [] : stack(x, y);
    const own = here.findIndex(each => each === e || related(e, each));
    const rest = own < 0 ? [...above(e)] : here.slice(own);
    for (const each of rest) {
      if (!itself && (each === e || [...above(each)].includes(e))) continue;
      const its = style(each);
      if (its.backgroundImage !== "none" || its.mixBlendMode !== "normal" || its.backdropFilter !== "none") return null;
      if (!related(e, each) && each.matches("img, canvas, video, iframe, object, embed, svg, svg *")) return null;
      const [r0, g, b, a] = color(its.backgroundColor);
      under.push([r0, g, b, a * (related(e, each) ? 1 : opacity(each))]);
      if (under.at(-1)[3] >= 0.99) break;
    }
    if (!under.length || under.at(-1)[3] < 0.99) {
      const dark = /dark/.test(style(document.documentElement).colorScheme);
      if (dark && matchMedia("(prefers-color-scheme: dark)").matches) return null;
      under.push([255, 255, 255, 1]);
    }
    return under.reduceRight((below, top) => over(top, below));
  };
  const ink = (e) => {
    const own = style(e);
    const fill = own.webkitTextFillColor || own.color;
    const empty = e.matches("input, textarea") && !e.value && e.placeholder;
    return empty ? style(e, "::placeholder").color : fill;
  };
  const hasNoBox = (e) => style(e).display === "contents";
  const isDisplayed = (e) => hasNoBox(e) ? !up(e) || isDisplayed(up(e)) : e.checkVisibility({visibilityProperty: true});
  const isPale = (e, r) => {
    const own = style(e);
    if ([...above(e)].some(each => style(each).backgroundClip === "text")) return false;
    const ground = behind(e, r, true);
    if (!ground) return false;
    const visible = opacity(e), shadow = /^(rgba?\([^)]*\)|\w+\([^)]*\))/.exec(own.textShadow)?.[1];
    const stroke = parseFloat(own.webkitTextStrokeWidth) > 0 ? own.webkitTextStrokeColor : null;
    return [ink(e), shadow, stroke].filter(Boolean).every(each => {
      const [r0, g, b, a] = color(each);
      return contrast(over([r0, g, b, a * visible], ground), ground) < LEAST_CONTRAST;
    });
  };
  const hasOwnText = (e) => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  // The texts in a thing are as pale as what lies behind them, every one, and nothing else is drawn.
  const textsIn = (e) => e.matches("input, textarea, select") ? [e]
    : [e, ...e.querySelectorAll("*")].filter(each => hasOwnText(each) && isDisplayed(each));
  const isDrawn = (e, r) => {
    const all = [e, ...e.querySelectorAll("*")].filter(isDisplayed);
    const ground = behind(e, r, false);
    return all.some(each => {
      const own = style(each), bare = each.getBoundingClientRect();
      if (each.matches(DRAWN) && bare.width > 1 && bare.height > 1 && opacity(each) >= LEAST_OPACITY) return true;
      const marks = ["::before", "::after", "::marker"].map(p => style(each, p));
      const drawn = marks.some(m => !["none", "normal", '""', ""].includes(m.content) || m.maskImage !== "none");
      if (drawn || own.backgroundImage !== "none" || own.maskImage !== "none") return true;
      if (own.boxShadow !== "none" || (own.outlineStyle !== "none" && parseFloat(own.outlineWidth) > 0)) return true;
      const sides = ["Top", "Right", "Bottom", "Left"];
      const edge = sides.some(s => parseFloat(own[`border${s}Width`]) > 0 && color(own[`border${s}Color`])[3] > 0.1);
      if (edge && bare.width > 1) return true;
      const fill = color(own.backgroundColor);
      return fill[3] > 0.05 && (!ground || contrast(over(fill, ground), ground) > 1.03);
    });
  };
  // A link that lies over a card has nothing of its own: what a person sees is the card.
  const liesOverSomething = (e, r) => points(r).some(([x, y]) => stack(x, y).some(each =>
    !related(e, each) && opacity(each) >= LEAST_OPACITY && (hasOwnText(each) || each.matches(DRAWN))));

  // -- the rules of one thing
  const broken = (e, wish, range, parts = []) => {
    if (hasNoBox(e) && !range) {
      const inside = [...e.children].map(each => broken(each, wish, null));
      return inside.includes("") ? "" : inside[0] ?? "";
    }
    const box = () => boxOf(range ?? e);
    const own = style(e);
    if (![e, ...parts].every(isDisplayed)) return "hidden";
    if ([e, ...parts].some(each => opacity(each) < LEAST_OPACITY)) return "opacity";
    const size = box(), least = range ? LEAST_TEXT : wish.pressed ? LEAST_CONTROL : LEAST_THING;
    const letters = range || written(e);
    const scale = range ? 1 : Math.min(1, size.height / (e.offsetHeight || size.height || 1));
    if (size.height < least || size.width < Math.min(least, LEAST_THING + 1)) return "size";
    if (wish.pressed && size.width < LEAST_CONTROL) return "size";
    if (letters && hasOwnText(e) && parseFloat(own.fontSize) * scale < LEAST_TEXT) return "size";
    if (parts.some(each => parseFloat(style(each).fontSize) < LEAST_TEXT)) return "size";
    if (wish.basic) return isWritten(e, range) && isPale(e, size) ? "contrast" : "";
    const out = reach(e, size);
    if (out) return out;
    return inView(e, box, (r) => {
      if (isCovered(e, r)) return "covered";
      if (parts.some(each => isPale(each, each.getBoundingClientRect()))) return "contrast";
      const texts = range ? parts : textsIn(e);
      const pale = texts.length > 0 && texts.every(each => {
        const part = each === e ? r : each.getBoundingClientRect();
        return isPale(each, part) || opacity(each) < LEAST_OPACITY || parseFloat(style(each).fontSize) < LEAST_TEXT;
      });
      const boxed = e.matches("input, textarea, select");
      if (pale && !range && (boxed ? written(e) && !wish.pressed : !isDrawn(e, r))) return "contrast";
      if (wish.pressed && !texts.length && !isDrawn(e, r) && !liesOverSomething(e, r)) return "nothing drawn";
      return "";
    });
  };
  const isWritten = (e, range) => range || hasOwnText(e);

  // -- what else shows a thing
  const insteadOf = (e) => {
    const also = [...(e.labels ?? [])];
    if (e.matches("input, select, [role=checkbox], [role=radio], [role=switch], [role=slider]")) {
      const r = e.getBoundingClientRect(), close = up(e);
      const near = [e.nextElementSibling, e.previousElementSibling, close].filter(Boolean);
      const meets = (each) => { const m = meet(each.getBoundingClientRect(), r); return m.width > 0 && m.height > 0; };
      also.push(...near.filter(each => meets(each) && each.getBoundingClientRect().width < 4 * Math.max(r.width, 40)));
    }
    return also;
  };

  // -- names
  const SAYS_ITS_CONTENT = 'a, button, summary, h1, h2, h3, h4, h5, h6, option, td, th, label, [role="button"], '
    + '[role="link"], [role="tab"], [role="menuitem"], [role="option"], [role="heading"], [role="switch"], '
    + '[role="checkbox"], [role="radio"], [role="treeitem"], [role="cell"]';
  const wordsOf = (text) => text.toLowerCase().normalize("NFD").match(/[\p{L}\p{M}]+|\p{N}+/gu) ?? [];
  const isIcon = (e) => /icon|symbol|awesome|glyph/i.test(style(e).fontFamily);
  const readIn = (e) => [e, ...e.querySelectorAll("*")].filter(each => !isIcon(each)
    && isDisplayed(each) && opacity(each) >= LEAST_OPACITY
    && each.getBoundingClientRect().width > 1)
    .flatMap(each => [...each.childNodes].filter(n => n.nodeType === 3).map(n => n.textContent)).join(" ");
  const named = (e) => {
    const ids = (e.getAttribute("aria-labelledby") ?? "").split(/\s+/).filter(Boolean);
    const root = e.getRootNode();
    const texts = ids.map(id => root.getElementById?.(id)).filter(Boolean);
    return plain(texts.length ? texts.map(each => each.textContent).join(" ") : e.getAttribute("aria-label") ?? "");
  };
  const contradicts = (e) => {
    const name = named(e);
    const isField = e.matches("input, select, textarea");
    if (!name || !(isField || e.matches(SAYS_ITS_CONTENT) || !e.children.length)) return false;
    const shown = plain(isField ? [...(e.labels ?? [])].map(readIn).join(" ") : readIn(e));
    const seen = wordsOf(shown), said = wordsOf(name);
    const letters = seen.filter(word => !/^\p{N}/u.test(word));
    if (letters.join("").length < 3) return false;
    const begins = (one, other) => one.startsWith(other.slice(0, 4)) || other.startsWith(one.slice(0, 4));
    if (!letters.some(word => said.some(each => begins(word, each)))) return true;
    const numbers = (all) => all.filter(word => /^\p{N}/u.test(word)).join(" ");
    const rest = (all) => all.filter(word => !/^\p{N}/u.test(word)).join(" ");
    return rest(seen) === rest(said) && numbers(seen) !== numbers(said);
  };

  // -- texts
  const matches = (text, wanted) => {
    if (Array.isArray(wanted)) {
      try { return new RegExp(wanted[0], wanted[1]).test(text); } catch { return false; }  // Python's own syntax
    }
    return plain(text).toLowerCase().includes(plain(wanted).toLowerCase());
  };
  const textOf = (e) => e.innerText !== undefined && e.matches("input, textarea, select") ? e.value : e.textContent;
  // What holds the text by itself, each with the elements that its letters stand in.
  const holders = (root, wanted) => {
    const found = [root, ...root.querySelectorAll("*")].filter(e => matches(textOf(e), wanted));
    const within = (e, other) => other !== e && e.contains(other);
    const readIn = (e, without) => [...e.childNodes].map(n => n.nodeType === 3 ? n.textContent
      : n.nodeType === 1 && !without.includes(n) ? readIn(n, without) : "").join("");
    return found.map(e => [e, found.filter(other => within(e, other))])
      .filter(([e, others]) => !others.length || matches(readIn(e, others), wanted))
      .map(([e, others]) => [e, partsOf(e, others, wanted)]);
  };
  const partsOf = (e, others, wanted) => {
    if (e.matches("input, textarea, select")) return [];
    const all = [e, ...e.querySelectorAll("*")].filter(each => !each.matches(NO_BOX)
      && !others.some(other => other.contains(each)));
    const own = (each) => wordsOf([...each.childNodes].filter(n => n.nodeType === 3).map(n => n.textContent).join(" "));
    const words = Array.isArray(wanted) ? null : wordsOf(wanted);
    const parts = all.filter(each => own(each).some(word => !words || words.includes(word)));
    return words ? parts : parts.filter(isDisplayed);
  };
  const rangeOf = (e) => {
    if (e.matches("input, textarea, select")) return null;
    const range = document.createRange();
    range.selectNodeContents(e);
    return range;
  };

  return (root, wish) => {
    if (root.nodeType !== 1 || root.matches(NO_BOX) || root.matches('input[type="hidden"]')) return "";
    if (root.closest("svg") && root.tagName !== "svg") return "";
    for (const wanted of wish.texts ?? []) {
      const found = holders(root, wanted);
      const wrong = found.map(([e, parts]) => e.matches(NO_BOX) ? "" : broken(e, wish, rangeOf(e), parts));
      if (found.length && wrong.every(Boolean)) return wrong[0];
    }
    if (!(wish.texts ?? []).length) {
      const own = broken(root, wish, null);
      const instead = own ? insteadOf(root).map(each => broken(each, {...wish, pressed: false}, null)) : [];
      if (own && !instead.includes("")) return own;
    }
    return contradicts(root) ? "name" : "";
  };
})()"""
