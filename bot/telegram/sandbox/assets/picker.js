// The list of people: for a new phone, and for "whose phone scans it?".

import { h, iconButton } from "./dom.js";
import { label, t } from "./words.js";

const colours = ["#0b6e75", "#2f6fb0", "#b2592b", "#4d7c2a", "#7a4fb5", "#a63a5b"];
const roles = []; // in the order in which they turn up: each has its colour

export function face(p) {
  const role = p.role.en || p.role.zh;
  if (!roles.includes(role)) roles.push(role);
  const el = h("span", { class: "face", "aria-hidden": "true" }, (p.name || "?").slice(0, 1));
  el.style.background = colours[roles.indexOf(role) % colours.length];
  return el;
}

const most = 60; // rows at a time; the search finds the rest

// pick resolves to a person's id, or 0 where none was chosen.
export function pick(app, { title, first = 0, without = 0 }) {
  return new Promise((resolve) => {
    let chosen = 0;
    const list = h("div", { class: "people" });
    const search = h("input", { type: "search", placeholder: t("search"), "aria-label": t("search") });
    const dialog = h("dialog", { class: "picker", "aria-label": title, onclose: () => { dialog.remove(); resolve(chosen); } },
      h("header", {}, h("h2", {}, title), iconButton("close", t("close"), () => dialog.close())), search, list);
    const choose = (id) => { chosen = id; dialog.close(); };
    const draw = () => list.replaceChildren(...rows(app, search.value, first, without, choose));
    search.addEventListener("input", draw);
    search.addEventListener("keydown", (e) => {
      if (e.key === "Enter") { e.preventDefault(); list.querySelector("button")?.click(); }
    });
    dialog.addEventListener("click", (e) => { if (e.target === dialog) dialog.close(); });
    document.body.append(dialog);
    draw();
    dialog.showModal();
    search.focus();
  });
}

function rows(app, query, first, without, choose) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const rank = (p) => (p.id === first ? 0 : app.phones.has(p.id) ? 1 : 2);
  const found = app.info.personas
    .filter((p) => p.id !== without)
    .filter((p) => {
      const text = [p.name, p.role.zh, p.role.en, p.place.zh, p.place.en].join(" ").toLowerCase();
      return words.every((w) => text.includes(w));
    })
    .sort((a, b) => rank(a) - rank(b));
  if (!found.length) return [h("p", { class: "hint" }, t("none"))];
  return found.slice(0, most).map((p) => h("button", { type: "button", class: "person", "data-user": String(p.id), onclick: () => choose(p.id) },
    face(p), h("span", { class: "who" }, h("b", {}, p.name), h("small", {}, [label(p.role), label(p.place)].filter(Boolean).join(" · "))),
    p.id === first ? h("i", {}, t("thisPhone")) : app.phones.has(p.id) ? h("i", {}, t("open")) : null));
}
