"use strict";
// What the scripts of all pages have in common; each stands behind it, in a function of its own.
const of = (id) => document.getElementById(id);
const made = (name, text, kind) => {
  const one = document.createElement(name);
  one.textContent = text;
  if (kind) one.className = kind;
  return one;
};
// As textcnn/insight/highlight.py has it: what is not to be seen is made visible.
const visible = (text) => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (one) => "\n\t\u200c\u200d".includes(one) ? one : "\ufffd");
// A text in pieces, its words shaded by what they contributed: shades are [start, end, contribution] of words.
const shaded = (text, shades) => {
  const FAINTEST = 0.05, DARKEST = 0.6;
  const characters = Array.from(text), pieces = [];  // words are counted in characters, not in halves
  const strongest = Math.max(...shades.map((shade) => Math.abs(shade[2])), 1e-9);
  let last = 0;
  for (const [start, end, contribution] of shades) {
    const share = contribution / strongest, one = made("span", visible(characters.slice(start, end).join("")));
    if (Math.abs(share) > FAINTEST) {
      one.className = share > 0 ? "shaded" : "shaded against";
      one.style.backgroundColor = `rgba(${share > 0 ? "26,152,80" : "215,48,39"},${Math.abs(share) * DARKEST})`;
    }
    one.title = (contribution > 0 ? "+" : "") + contribution.toFixed(2);
    pieces.push(visible(characters.slice(last, start).join("")), one);
    last = end;
  }
  return [...pieces, visible(characters.slice(last).join(""))];
};
