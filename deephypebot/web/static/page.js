"use strict";
// Keys, and live counts. Everything works without this file.
(() => {
  const one = (selector) => document.querySelector(selector);
  const text = one("#text");
  const form = one("#decide");
  const picks = form ? [...form.querySelectorAll("input[name=candidate]")] : [];

  const pick = (radio) => {
    radio.checked = true;
    text.value = radio.dataset.text;
    form.elements.text_of.value = radio.value;
    radio.closest("label").scrollIntoView({ block: "nearest" });
    count();
  };

  const graphemes = (value) =>
    "Segmenter" in Intl ? [...new Intl.Segmenter().segment(value)].length : [...value].length;
  const weighted = (value) => {
    const bare = value.normalize("NFC").replace(/https?:\/\/\S+/g, "x".repeat(23));
    let sum = 0;
    for (const { segment } of "Segmenter" in Intl ? new Intl.Segmenter().segment(bare) : [...bare].map((segment) => ({ segment }))) {
      const code = segment.codePointAt(0);
      const light = code <= 4351 || (code >= 8192 && code <= 8205) || (code >= 8208 && code <= 8223) || (code >= 8242 && code <= 8247);
      sum += light ? 1 : 2;
    }
    return sum;
  };
  const lengths = { graphemes, weighted, characters: (value) => [...value.replace(/https?:\/\/\S+/g, "x".repeat(23))].length };

  const count = () => {
    for (const room of document.querySelectorAll(".room")) {
      const length = (lengths[room.dataset.unit] || lengths.characters)(text.value.trim()) + Number(room.dataset.extra);
      room.querySelector("output").value = String(length);
      room.classList.toggle("over", length > Number(room.dataset.longest));
    }
  };

  const open = (selector) => {
    const box = one(selector);
    if (!box) return;
    box.open = true;
    const first = box.querySelector("button, input:not([type=hidden])");
    if (first) first.focus();
  };

  if (form) {
    for (const room of document.querySelectorAll(".room")) {
      const known = (lengths[room.dataset.unit] || lengths.characters)(text.value.trim());
      room.dataset.extra = String(Number(room.querySelector("output").value) - known);
    }
    for (const radio of picks) radio.addEventListener("change", () => pick(radio));
    text.addEventListener("input", count);
    text.addEventListener("keydown", (event) => {
      if (event.key === "Escape") text.blur();
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(one("#approve"));
    });
  }

  const swap = one("#swap");
  if (swap) {
    swap.hidden = false;
    swap.addEventListener("click", () => {
      const { artist, title } = swap.form.elements;
      [artist.value, title.value] = [title.value, artist.value];
    });
  }

  const click = (selector) => { const target = one(selector); if (target) target.click(); };
  const keys = {
    e: () => { if (text) { text.focus(); text.setSelectionRange(text.value.length, text.value.length); } },
    a: () => click("#approve"), s: () => click("#skip-button"), n: () => click("#next"), u: () => click("#undo"),
    r: () => open("#reject-box"), g: () => open("#more-box"), f: () => open("#fix-box"),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input:not([type=radio]), textarea, select")) return;
    const rejecting = one("#reject-box");
    if (/^[1-9]$/.test(event.key)) {
      const number = Number(event.key) - 1;
      if (rejecting && rejecting.open) {
        const reasons = rejecting.querySelectorAll("button");
        if (reasons[number]) reasons[number].click();
      } else if (picks[number]) pick(picks[number]);
      event.preventDefault();
    } else if (keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    }
  });
})();
