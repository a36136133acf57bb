// `/` puts the focus into the page's search field. A cookie turns that off, for people who speak to their browser
// (WCAG 2.1.4); the switch stands in the account menu (data-shortcuts).
const off = () => document.cookie.split("; ").includes("shortcuts=off");

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || off()) return;
  if (event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
  const field = document.querySelector("[data-search]");
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
});

for (const button of document.querySelectorAll("[data-shortcuts]")) {
  const words = button.querySelector("[data-on]");
  const show = () => {
    words.textContent = off() ? words.dataset.on : words.dataset.off;
  };
  button.addEventListener("click", () => {
    document.cookie = `shortcuts=${off() ? "on" : "off"}; path=/; max-age=31536000; samesite=lax`;
    show();
  });
  show();
}
