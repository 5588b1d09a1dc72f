"use strict";
// The threshold chooser: moves the cursor, redraws the lines for the label chosen, and says what a threshold does.
(() => {
  // On paper nothing can be opened.
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
  const data = JSON.parse(document.getElementById("choices").textContent);
  if (!data.length) return;
  const slider = document.getElementById("threshold");
  const select = document.getElementById("of-label");
  const say = (id, text) => { document.getElementById(id).textContent = text; };
  const percent = (part, whole) => (whole ? (100 * part / whole).toFixed(1) + " %" : "–");
  // The box is that of the axes, from 0 to 1 in both directions; the cursor is drawn at 0.
  const drawing = document.querySelector("#chooser svg");
  const cursor = drawing.querySelector("#threshold-cursor");
  const box = drawing.querySelector("#threshold-box").getBBox();
  const steps = data[0].given.length - 1;
  const shares = {
    precision: (choice, step) => choice.given[step] ? choice.right[step] / choice.given[step] : NaN,
    recall: (choice, step) => choice.total ? choice.right[step] / choice.total : NaN,
    answered: (choice, step) => choice.texts ? choice.answered[step] / choice.texts : NaN,
  };
  const redraw = (choice) => {
    for (const [name, share] of Object.entries(shares)) {
      let path = "", pen = "M";
      for (let step = 0; step <= steps; step++) {
        const value = share(choice, step);
        if (Number.isNaN(value)) { pen = "M"; continue; }
        path += `${pen}${box.x + box.width * step / steps} ${box.y + box.height * (1 - value)}`;
        pen = "L";
      }
      drawing.querySelector(`#threshold-${name} path`).setAttribute("d", path);
    }
  };
  const show = () => {
    const choice = data[select.selectedIndex], step = Number(slider.value);
    const [given, right] = [choice.given[step], choice.right[step]];
    say("at", (step / steps).toFixed(2));
    say("precision", percent(right, given));
    say("recall", percent(right, choice.total));
    say("answered", percent(choice.answered[step], choice.texts));
    say("counts", `${given.toLocaleString("en")} answers, ${right.toLocaleString("en")} of them right; ` +
      `${(choice.total - right).toLocaleString("en")} of ${choice.total.toLocaleString("en")} missed`);
    cursor.setAttribute("transform", `translate(${box.width * step / steps} 0)`);
  };
  slider.addEventListener("input", show);
  select.addEventListener("change", () => { redraw(data[select.selectedIndex]); show(); });
  redraw(data[select.selectedIndex]);
  show();
})();
