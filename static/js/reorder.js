// <tbody data-reorder>: a row's [data-handle] drags it, by mouse, pen or finger; Esc puts it back. Where it was let go is sent as the form
// [data-move] of that row would be, with `place`, counted from 0; then the rows are shown as the server keeps them.
const place = (row) => [...row.parentElement.rows].indexOf(row);

const keep = async (row) => {
  const form = row.querySelector("[data-move]");
  const fields = new FormData(form);
  fields.set("place", place(row));
  const answer = await fetch(form.action, { method: "POST", body: fields });
  if (!answer.ok) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  row.parentElement.replaceWith(document.importNode(page.querySelector("[data-reorder]"), true));
};

document.addEventListener("pointerdown", (event) => {
  const handle = event.target.closest("[data-handle]");
  if (!handle || event.button || !event.isPrimary) return;
  event.preventDefault();
  const row = handle.closest("tr");
  const [first, next] = [place(row), row.nextElementSibling];
  const over = new AbortController();
  const during = { signal: over.signal };
  row.toggleAttribute("data-dragged", true);
  handle.setPointerCapture(event.pointerId);

  const end = (kept) => {
    over.abort();
    row.removeAttribute("data-dragged");
    if (!kept) row.parentElement.insertBefore(row, next);
    else if (place(row) !== first) keep(row).catch(() => location.reload());
  };
  document.addEventListener("pointermove", ({ clientY }) => {
    if (clientY < 72 || clientY > innerHeight - 24) scrollBy(0, clientY < 72 ? -8 : 8);
    const after = [...row.parentElement.rows].find((other) => {
      const { top, height } = other.getBoundingClientRect();
      return other !== row && clientY < top + height / 2;
    });
    if (row.nextElementSibling !== (after ?? null)) row.parentElement.insertBefore(row, after ?? null);
  }, during);
  document.addEventListener("pointerup", () => end(true), during);
  document.addEventListener("pointercancel", () => end(false), during);
  document.addEventListener("keydown", (key) => key.key === "Escape" && end(false), during);
});
