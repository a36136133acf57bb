// <input type="checkbox" data-tick-all="rows">: ticks every checkbox of that name in its form, and shows whether all, some or none are ticked.
// <output data-ticked hidden>Ticked: <b></b></output> in that form tells how many.
// Listens on the document: htmx may bring the form later.
const boxesOf = (all) => [...all.form.querySelectorAll(`input[type="checkbox"][name="${all.dataset.tickAll}"]`)];

document.addEventListener("change", (event) => {
  const all = event.target.form?.querySelector("[data-tick-all]");
  if (!all) return;
  const boxes = boxesOf(all);
  if (event.target === all) for (const box of boxes) box.checked = all.checked;
  const ticked = boxes.filter((box) => box.checked).length;
  all.checked = ticked > 0 && ticked === boxes.length;
  all.indeterminate = ticked > 0 && !all.checked;
  const told = all.form.querySelector("[data-ticked]");
  if (!told) return;
  told.hidden = ticked === 0;
  told.lastElementChild.textContent = String(ticked);
});
