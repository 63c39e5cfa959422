// One message as a bubble.

import { h, icon, size, toast } from "./dom.js";
import { t } from "./words.js";

const tags = {
  bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote", spoiler: "span",
};

// split cuts a text into runs at entity borders; offsets are UTF-16 units,
// which is what a string here is made of.
function formatted(text, entities, phone) {
  const links = [...text.matchAll(/https?:\/\/[^\s<>"]+[^\s<>".,;:!?,。;:!?)]/g)]
    .map((m) => ({ type: "url", offset: m.index, length: m[0].length, url: m[0] }));
  const commands = [...text.matchAll(/(?<![\w/])\/[a-z0-9_]{1,32}\b/g)]
    .map((m) => ({ type: "bot_command", offset: m.index, length: m[0].length }));
  const all = [...(entities || [])];
  for (const e of [...links, ...commands]) {
    if (!all.some((o) => o.offset < e.offset + e.length && e.offset < o.offset + o.length && o.type !== "bold")) all.push(e);
  }
  const cuts = new Set([0, text.length]);
  for (const e of all) { cuts.add(e.offset); cuts.add(e.offset + e.length); }
  const at = [...cuts].filter((n) => n <= text.length).sort((a, b) => a - b);
  const out = [];
  for (let i = 0; i + 1 < at.length; i++) {
    let node = document.createTextNode(text.slice(at[i], at[i + 1]));
    for (const e of all) {
      if (e.offset <= at[i] && at[i + 1] <= e.offset + e.length) node = wrap(node, e, text, phone);
    }
    out.push(node);
  }
  return out;
}

function wrap(node, e, text, phone) {
  if (e.type === "url" || e.type === "text_link") return link(node, e.url || text.slice(e.offset, e.offset + e.length), phone);
  if (e.type === "bot_command") {
    return h("button", { type: "button", class: "inline-link", onclick: () => phone.say(node.textContent) }, node);
  }
  const tag = tags[e.type];
  return tag ? h(tag, { class: e.type === "spoiler" ? "spoiler" : undefined }, node) : node;
}

// link opens a deep link of the bot on a phone of choice and any other one in
// a new window.
function link(node, url, phone) {
  const payload = deepLink(url, phone.username);
  if (payload) {
    return h("button", { type: "button", class: "inline-link", onclick: () => phone.openOn(payload, t("openWho")) }, node);
  }
  return h("a", { href: url, target: "_blank", rel: "noreferrer noopener" }, node);
}

export function deepLink(url, username) {
  try {
    const u = new URL(url);
    const start = u.searchParams.get("start") || "";
    const ours = u.hostname === "t.me" && u.pathname.slice(1).toLowerCase() === username.toLowerCase();
    return ours && /^[\w-]{1,64}$/.test(start) ? start : "";
  } catch {
    return "";
  }
}

function photo(m, phone) {
  const p = m.photo;
  const what = p.payload ? t("scan") : t("photo");
  const img = h("img", { src: "/sandbox/file/" + p.id, alt: what, width: String(p.width), height: String(p.height), loading: "lazy" });
  if (p.payload) {
    return h("button", { type: "button", class: "photo code", onclick: () => phone.openOn(p.payload, t("scanWho")) },
      img, h("span", { class: "chip" }, icon("scan"), t("scan")));
  }
  return h("div", { class: "photo" }, img, p.code ? h("small", { class: "code-text" }, t("notLink") + ": " + p.code) : null);
}

function fileRow(d) {
  return h("a", { class: "file", href: "/sandbox/file/" + d.file_id, download: d.file_name || "", title: t("download") },
    h("span", { class: "file-icon" }, icon("file")),
    h("span", { class: "file-text" }, h("b", {}, d.file_name || t("download")), h("small", {}, size(d.file_size || 0))));
}

function contact(m) {
  const c = m.contact;
  return h("div", { class: "contact" }, h("span", { class: "file-icon" }, icon("card")),
    h("span", { class: "file-text" }, h("b", {}, c.first_name), h("small", {}, c.phone_number)));
}

function buttons(m, phone) {
  if (!m.buttons) return null;
  return h("div", { class: "buttons" }, m.buttons.map((row, r) => h("div", { class: "button-row" },
    row.map((b, c) => button(m, phone, b, r, c)))));
}

function button(m, phone, b, row, col) {
  const act = () => {
    if (b.payload) return phone.openOn(b.payload, t("openWho"));
    if (b.url) return void window.open(b.url, "_blank", "noopener,noreferrer");
    if (b.copy) return void navigator.clipboard.writeText(b.copy).then(() => toast(t("copied")));
    return phone.press(m.id, row, col);
  };
  const busy = phone.waits(m.id, row, col);
  return h("button", { type: "button", class: "inline-button" + (busy ? " busy" : ""), "aria-busy": busy ? "true" : "false", onclick: act },
    h("span", {}, b.text), b.url || b.payload ? icon("out") : null);
}

export function bubble(m, phone) {
  const at = phone.clock.hhmm(m.at * 1000);
  const body = h("div", { class: "bubble" },
    m.forward ? h("small", { class: "forward" }, t("forwarded")) : null,
    m.reply ? h("div", { class: "reply" }, m.reply.slice(0, 120)) : null,
    m.photo ? photo(m, phone) : null,
    m.document ? fileRow(m.document) : null,
    m.contact ? contact(m) : null,
    m.text ? h("div", { class: "text" }, formatted(m.text, m.entities, phone)) : null,
    h("div", { class: "meta" }, m.edited ? h("span", { class: "edited" }, t("edited")) : null, h("time", {}, at)));
  const wide = m.photo && !m.text ? " only-photo" : "";
  return h("article", { class: "message " + (m.bot ? "theirs" : "mine") + wide + (m.photo ? " has-photo" : ""), "data-id": String(m.id) },
    body, buttons(m, phone));
}
