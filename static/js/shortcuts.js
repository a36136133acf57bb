// `/` goes to the page's search field (data-search), `g` and a letter to the side menu's link of that letter (data-go), `?` opens
// the list of them. One cookie turns all off, for people who control it by voice (WCAG 2.1.4): its switches (data-shortcuts)
// stand in the account menu and in the profile. What only tells of keys (data-keys) is hidden while they are off.
const SECOND_KEY_WITHIN = 1500; // ms
const field = document.querySelector("[data-search]");
const list = document.querySelector("[data-shortcut-list]");
const opener = document.querySelector("[data-shortcut-open]");
const links = new Map([...document.querySelectorAll("[data-go]")].map((link) => [link.dataset.go, link]));
const acts = { "/": field && (() => field.focus() ?? field.select()), "?": list && (() => list.showModal()) };
let begun = -SECOND_KEY_WITHIN;

const off = () => document.cookie.split("; ").includes("shortcuts=off");

document.addEventListener("keydown", (event) => {
  const second = event.timeStamp - begun < SECOND_KEY_WITHIN;
  begun = -SECOND_KEY_WITHIN;
  if (off() || event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return;
  if (event.target.closest("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]")) return;
  const key = event.shiftKey ? event.key : event.key.toLowerCase(); // Shift belongs to the signs, Caps Lock to nothing
  if (second && links.has(key)) return links.get(key).click();
  if (key === "g" && links.size) begun = event.timeStamp;
  if (!acts[key]) return;
  event.preventDefault();
  acts[key]();
});

const tell = () => {
  for (const part of document.querySelectorAll("[data-keys]")) part.hidden = off();
  for (const control of document.querySelectorAll("[data-shortcuts]")) {
    control.checked = !off();
    const words = control.querySelector("[data-on]");
    if (words) words.textContent = off() ? words.dataset.on : words.dataset.off;
  }
  for (const [element, key] of [[field, "/"], [opener, "?"]]) {
    if (off()) element?.removeAttribute("aria-keyshortcuts");
    else element?.setAttribute("aria-keyshortcuts", key);
  }
};

for (const control of document.querySelectorAll("[data-shortcuts]")) {
  control.addEventListener("click", () => {
    document.cookie = `shortcuts=${off() ? "on" : "off"}; path=/; max-age=31536000; samesite=lax`;
    tell();
  });
}
opener?.addEventListener("click", () => {
  document.querySelector("[data-menu][open] > summary").focus(); // where the focus comes back to: this button goes with its menu
  opener.closest("details").open = false;
  list.showModal();
});

if (list && !field) list.querySelector("[data-search-row]").remove();
for (const [key, link] of list ? links : []) {
  const row = list.querySelector("template").content.cloneNode(true);
  row.querySelector("kbd:last-child").textContent = key;
  row.querySelector("dd").textContent = [...link.childNodes].find((node) => node.nodeType === Node.TEXT_NODE).data;
  list.querySelector("template").before(row);
}
tell();
