// What HTML alone cannot do: copy a key, ask before something that cannot be undone, show a refusal where the page stays,
// keep the place of who works by keyboard.
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
    return;
  }
  if (event.target.method === "post") sentOnce(event);
}, true);

// A form that is under way is not sent again by a second click; what does get through twice the server takes once.
function sentOnce(event) {
  const form = event.target;
  if (form.ariaBusy === "true") {
    event.preventDefault();
    event.stopPropagation();
    return;
  }
  form.ariaBusy = "true";
  // Only after the browser has read the form: it leaves out a button that is disabled, and with it what it stands for.
  setTimeout(() => dim(form, true));
  setTimeout(() => release(form), 20_000);
}

function dim(form, is) {
  for (const button of form.querySelectorAll("button")) button.ariaDisabled = is ? "true" : null;
}

function release(form) {
  form.ariaBusy = null;
  dim(form, false);
}

document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("form");
  if (form) release(form);
});
// The page comes back as it was left when one goes back to it.
window.addEventListener("pageshow", () => document.querySelectorAll("form[aria-busy]").forEach(release));

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

// What had the focus may be gone with the part that is replaced. Who works by keyboard, or hears the page, then goes on
// where the new part begins, not at the top of the page.
let partInFocus = null;

document.addEventListener("htmx:beforeSwap", (event) => {
  const { target } = event.detail;
  partInFocus = target.contains(document.activeElement) ? target.id : null;
});

document.addEventListener("htmx:afterSettle", () => {
  const part = partInFocus && document.getElementById(partInFocus);
  if (!part || document.activeElement !== document.body) return;
  part.tabIndex = -1;
  part.focus({ preventScroll: true });
});
