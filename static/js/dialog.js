// A link or a GET form with data-dialog leads to a page with one card (data-dialog-content). Here that card is
// fetched and shown in a dialog instead; without scripts, or when anything goes wrong, the page itself opens.
const open = async (address) => {
  const answer = await fetch(address, { headers: { "X-Requested-With": "fetch" }, redirect: "manual" });
  if (!answer.ok) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const card = page.querySelector("[data-dialog-content]");
  if (!card) throw new Error("no card on that page");
  if (card.matches("form") && !card.getAttribute("action")) card.setAttribute("action", address);
  const dialog = document.createElement("dialog");
  dialog.className = card.hasAttribute("data-dialog-wide") ? "dialog dialog--wide" : "dialog";
  const heading = card.querySelector("h2");
  heading.id = "dialog-title";
  dialog.setAttribute("aria-labelledby", heading.id);
  dialog.append(document.importNode(card, true));
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => {
    const close = event.target === dialog || event.target.closest("[data-dialog-close]");
    if (!close) return;
    event.preventDefault();
    dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector("input:not([type=hidden]), [data-dialog-close]")?.focus();
};

const openOrGo = (address) => open(address).catch(() => location.assign(address));

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-dialog]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  openOrGo(link.href);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-dialog]") || event.submitter?.hasAttribute("formaction")) return;
  event.preventDefault();
  const address = new URL(form.action);
  address.search = new URLSearchParams(new FormData(form, event.submitter)).toString();
  openOrGo(address.href);
});
