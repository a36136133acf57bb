// <input data-filter="tiles">: hides what does not match among [data-filter-text] below #tiles, says how many are left,
// and opens the first one left on Enter. Sections (data-filter-section) without a match go too, and while one searches
// whatever repeats some of it (data-filter-rest).
for (const field of document.querySelectorAll("[data-filter]")) {
  const list = () => document.getElementById(field.dataset.filter); // htmx may bring another one
  const nothing = document.querySelector("[data-filter-empty]");
  const voice = document.querySelector("[data-filter-status]");
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  const hide = (one, hidden) => one.hidden === hidden || (one.hidden = hidden); // what stays as it is tells no observer

  const filter = () => {
    const words = plain(field.value).split(/\s+/).filter(Boolean);
    const items = [...list().querySelectorAll("[data-filter-text]")];
    for (const item of items) {
      const text = plain(item.dataset.filterText);
      hide(item, !words.every((word) => text.includes(word)));
    }
    const left = items.filter((item) => !item.hidden);
    for (const section of list().querySelectorAll("[data-filter-section]")) hide(section, !section.querySelector("[data-filter-text]:not([hidden])"));
    for (const rest of document.querySelectorAll("[data-filter-rest]")) rest.hidden = words.length > 0;
    if (nothing) nothing.hidden = left.length > 0;
    if (voice) voice.textContent = words.length ? String(left.length) : "";
    return left;
  };

  field.addEventListener("input", filter);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      // Of this field only: the form around it may be one that saves, with buttons of its own.
      event.preventDefault();
      const left = filter();
      if (left.length) left[0].querySelector("a")?.click();
    }
    if (event.key !== "Escape" || !field.value) return;
    field.value = "";
    filter();
  });
  new MutationObserver(() => field.value && filter()).observe(list(), { attributeFilter: ["hidden"], childList: true, subtree: true });
  filter();
}
