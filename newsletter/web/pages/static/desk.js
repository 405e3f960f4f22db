// Looks at what is being typed. Every look has a number that grows; the answer to an older one is thrown
// away, here as well as on the server. Without this script the button 预览 does the same.
"use strict";
(() => {
  const form = document.getElementById("writing");
  if (!form) return;
  const field = form.elements.text;
  let sequence = Math.max(Date.now(), Number(form.elements.sequence.value) + 1);
  let shown = 0;
  let timer = 0;

  async function look() {
    const mine = ++sequence;
    form.elements.sequence.value = mine;
    const body = new URLSearchParams({
      text: field.value,
      after: form.elements.after.value,
      sequence: mine,
    });
    const view = form.dataset.view ? "?" + form.dataset.view : "";
    let html;
    try {
      const answer = await fetch(form.dataset.preview + view, {
        method: "POST",
        body,
        headers: { "HX-Request": "true", "HX-Target": "shown" },
      });
      if (!answer.ok) return;
      html = await answer.text();
    } catch {
      return; // offline: the next change tries again
    }
    const old = document.getElementById("shown");
    if (mine < shown || !old) return;
    const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("shown");
    if (!fresh) return;
    shown = mine;
    const top = old.scrollTop;
    old.replaceWith(document.adoptNode(fresh));
    fresh.scrollTop = top;
  }

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, 350);
  });

  // A finding leads to its line.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-line]");
    if (!link) return;
    event.preventDefault();
    const lines = field.value.split("\n");
    const at = Number(link.dataset.line) - 1;
    const start = lines.slice(0, at).join("\n").length + (at ? 1 : 0);
    field.focus();
    field.setSelectionRange(start, start + (lines[at] || "").length);
    const height = field.scrollHeight / lines.length;
    field.scrollTop = Math.max(0, at * height - field.clientHeight / 3);
  });
})();
