// What HTML alone cannot do: copy a key, ask before something that cannot be undone, show a refusal where the page stays.
"use strict";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = document.getElementById(button.dataset.copy).textContent;
  await navigator.clipboard.writeText(text);
  button.textContent = "Copied";
});

document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !window.confirm(question)) {
    event.preventDefault();
    event.stopPropagation();
  }
}, true);

// The tab one is on is brought into view where not all fit. Not by scrollIntoView: the Tab key would go on from there.
const tab = document.querySelector(".tabs [aria-current]");
if (tab) tab.parentElement.scrollLeft = tab.offsetLeft - (tab.parentElement.clientWidth - tab.offsetWidth) / 2;

// htmx leaves an answer that refuses something alone. Ours are pages: the part that was asked for is put in its place
// where the page has it (a form with its faults), else all of what the page says.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig } = event.detail;
  if (xhr.status < 400) return;
  const answer = new DOMParser().parseFromString(xhr.responseText, "text/html");
  const selector = requestConfig.elt.closest("[hx-select]")?.getAttribute("hx-select");
  if (selector && answer.querySelector(selector)) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
    return;
  }
  const said = answer.querySelector("main");
  if (!said) return;
  document.querySelector("main").replaceChildren(...said.childNodes);
  document.querySelector("main").focus();
});
