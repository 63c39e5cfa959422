// Small helpers over the DOM. Every text enters the page as a text node, so
// nothing that a bot or a person wrote is ever read as markup.

export function h(tag, props = {}, ...children) {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) el.addEventListener(name.slice(2), value);
    else if (name === "class") el.className = value;
    else if (name in el && name !== "list" && typeof value !== "string") el[name] = value;
    else el.setAttribute(name, value === true ? "" : value);
  }
  el.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== false));
  return el;
}

export function icon(name) {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(ns, "use");
  use.setAttribute("href", "#i-" + name);
  svg.append(use);
  return svg;
}

export function iconButton(name, label, onclick, extra = {}) {
  return h("button", { type: "button", class: "icon-button", title: label, "aria-label": label, onclick, ...extra }, icon(name));
}

let toastTimer = 0;

export function toast(text) {
  const el = document.getElementById("toast");
  el.textContent = text;
  el.classList.add("show");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => el.classList.remove("show"), 4000);
}

// post runs one of the page's actions; a refusal is shown and gives null.
export async function post(name, body) {
  try {
    const resp = await fetch("/sandbox/" + name, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
    const answer = await resp.json();
    if (resp.ok) return answer;
    toast(answer.error);
  } catch (err) {
    toast(String(err));
  }
  return null;
}

export function size(bytes) {
  if (bytes < 1024) return bytes + " B";
  if (bytes < 1024 * 1024) return (bytes / 1024).toFixed(1) + " KB";
  return (bytes / 1024 / 1024).toFixed(1) + " MB";
}

// menu opens a small list of actions beside a button; it closes on a choice, a
// click elsewhere and Escape, and gives the focus back.
export function menu(anchor, items) {
  const box = h("div", { class: "popup", role: "menu" });
  const close = () => {
    box.remove();
    document.removeEventListener("pointerdown", outside, true);
    anchor.focus({ preventScroll: true });
  };
  const outside = (e) => { if (!box.contains(e.target)) close(); };
  for (const item of items) {
    box.append(h("button", { type: "button", role: "menuitem", class: item.danger ? "danger" : "", onclick: () => { close(); item.run(); } },
      h("span", {}, item.label), item.hint ? h("small", {}, item.hint) : null));
  }
  box.addEventListener("keydown", (e) => {
    const list = [...box.children];
    const at = list.indexOf(document.activeElement);
    if (e.key === "Escape") close();
    else if (e.key === "ArrowDown") list[(at + 1) % list.length].focus();
    else if (e.key === "ArrowUp") list[(at + list.length - 1) % list.length].focus();
    else return;
    e.preventDefault();
  });
  document.body.append(box);
  const r = anchor.getBoundingClientRect();
  box.style.left = Math.max(8, Math.min(r.left, innerWidth - box.offsetWidth - 8)) + "px";
  const below = r.bottom + 6 + box.offsetHeight < innerHeight;
  box.style.top = Math.max(8, below ? r.bottom + 6 : r.top - box.offsetHeight - 6) + "px";
  document.addEventListener("pointerdown", outside, true);
  box.firstElementChild?.focus();
}
