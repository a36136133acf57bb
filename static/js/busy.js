// A form is sent once: its button goes busy, and a second submit is swallowed until the page changes.
const sent = new WeakSet();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog" || form.target === "_blank") return;
  if (sent.has(form)) {
    event.preventDefault();
    return;
  }
  if (form.method !== "post") return;
  sent.add(form);
  // Not `disabled`: that would take the button's name and value out of the request.
  event.submitter?.setAttribute("aria-busy", "true");
});

// Back from the next page by the browser's cache: the form may be sent again.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.forms) sent.delete(form);
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
});
