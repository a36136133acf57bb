// <button data-copy="value">: copies the value, shows a tick, and says so to screen readers.
const voice = document.createElement("p");
voice.className = "visually-hidden";
voice.setAttribute("role", "status");
document.body.append(voice);

const write = async (text, button) => {
  // The clipboard interface exists on https and on loopback only; elsewhere the value is selected for the reader.
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const range = document.createRange();
  range.selectNodeContents(button.previousElementSibling ?? button);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  throw new Error("selected instead");
};

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await write(button.dataset.copy, button);
  } catch {
    return;
  }
  button.dataset.copied = "";
  voice.textContent = button.dataset.copiedText ?? "Copied";
  setTimeout(() => {
    delete button.dataset.copied;
    voice.textContent = "";
  }, 2000);
});
