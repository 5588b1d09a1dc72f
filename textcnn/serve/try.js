(() => {
  const MOST_LABELS = 5;
  of("token").value = decodeURIComponent(location.hash.slice(1).replace(/^token=/, ""));

  const ask = async (path, body) => {
    const headers = { "Content-Type": "application/json" };
    if (of("token").value) headers.Authorization = "Bearer " + of("token").value;
    const response = await fetch(path, body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers });
    const told = await response.json();
    if (response.status === 401) of("token-field").hidden = false;
    if (!response.ok) throw new Error(told.detail);
    return told;
  };
  const say = (text, bad) => {
    of("status").textContent = text;
    of("status").className = bad ? "bad" : "";
  };

  const answered = (answer) => {
    const card = made("article", "", "card");
    const given = Array.isArray(answer.label) ? answer.label.join(" | ") || "none" : answer.label;
    const text = made("p", "", "text"), words = answer.explanation.words;
    text.dir = "auto";
    text.append(...shaded(answer.text, words.map((word) => [word.start, word.end, word.contribution])));
    card.append(made("p", visible(given), "given"), text);
    const rows = made("div", "", "rows");
    for (const [label, probability] of Object.entries(answer.probabilities).sort((one, other) => other[1] - one[1]).slice(0, MOST_LABELS)) {
      const bar = made("i", ""), full = made("b", "");
      full.style.width = 100 * probability + "%";
      bar.append(full);
      rows.append(made("bdi", visible(label)), bar, made("span", (100 * probability).toFixed(1) + " %"));
    }
    card.append(rows);
    return card;
  };

  const models = async () => {
    const { models } = await ask("models");
    of("model").replaceChildren(...models.map((model) => made("option", model.name)));
    say("");
  };
  of("ask").addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.target.querySelector("button");
    button.disabled = true;
    try {
      if (!of("model").value) await models();
      const threshold = of("threshold").value;
      const told = await ask("predict", {
        texts: of("texts").value.split("\n").filter((text) => text.trim()),
        model: of("model").value,
        explain: true,
        ...(threshold === "" ? {} : { threshold: Number(threshold) }),
      });
      of("answers").replaceChildren(...told.answers.map(answered));
      say(told.answers.length ? "" : "Write a text first.");
    } catch (error) {
      say(error.message, true);
    }
    button.disabled = false;
  });
  of("texts").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) of("ask").requestSubmit();
  });
  of("token").addEventListener("change", () => models().catch((error) => say(error.message, true)));
  models().catch((error) => say(error.message, true));
})();
