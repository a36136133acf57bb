// <input type="checkbox" data-tick-all="rows">: ticks every checkbox of that name in its form, and shows whether all, some or none are ticked.
for (const all of document.querySelectorAll("[data-tick-all]")) {
  const boxes = () => [...all.form.querySelectorAll(`input[type="checkbox"][name="${all.dataset.tickAll}"]`)];
  const show = () => {
    const ticked = boxes().filter((box) => box.checked).length;
    all.checked = ticked > 0 && ticked === boxes().length;
    all.indeterminate = ticked > 0 && !all.checked;
  };
  all.form.addEventListener("change", (event) => {
    if (event.target === all) for (const box of boxes()) box.checked = all.checked;
    show();
  });
  show();
}
