(() => {
  const REFRESH = 3000;
  const token = decodeURIComponent(location.hash.slice(1).replace(/^token=/, ""));
  let state = { labels: [] }, question = null, list = null, how = "", again = [], reviewed = false, busy = false, ended = false;

  const ask = async (path, body) => {
    const headers = { "Content-Type": "application/json", Authorization: "Bearer " + token };
    const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    const told = await response.json();
    if (!response.ok) throw new Error(told.detail);
    return told;
  };
  const texts = (count) => (count === 1 ? "1 text" : `${count} texts`);
  const say = (text, bad) => {
    of("message").textContent = text;
    of("message").className = bad ? "bad" : "";
  };

  // ------------------------------------------------------------------------------------------------ what is shown
  const curve = (points) => {
    of("curve").toggleAttribute("hidden", points.length < 2);
    const values = points.map((point) => point[1]), low = Math.min(...values), span = Math.max(...values) - low || 1;
    const at = (value, number) => `${(78 * number) / (values.length - 1) + 1},${22 - (20 * (value - low)) / span}`;
    of("curve").firstElementChild.setAttribute("points", values.map(at).join(" "));
  };
  const head = () => {
    of("count").textContent = state.done;
    of("share").style.width = 100 * state.share + "%";
    of("figures").textContent = state.figures;
    curve(state.curve);
  };
  const labels = () => {
    const likely = question && !list ? question.doubted || (question.guesses[0] || [])[0] : list && list.length ? list[0].guess : "";
    of("labels").replaceChildren(...state.labels.map((label) => {
      const button = made("button", "", label.name === likely ? "likely" : "");
      button.append(...label.keys.map((key) => made("kbd", key)), made("bdi", visible(label.name)), made("small", label.count));
      button.addEventListener("click", () => give(label.name));
      return button;
    }));
    of("names").replaceChildren(...state.labels.map((label) => { const one = made("option", ""); one.value = label.name; return one; }));
  };
  const one = () => {
    of("doubted").hidden = question.how !== "again";
    of("doubted").textContent = question.how === "again" ? `You said ${visible(question.doubted)}${question.likelier ? `; the other texts suggest ${visible(question.likelier)}` : ""}. “Yes” keeps it.` : "";
    of("columns").replaceChildren(...Object.entries(question.columns).flatMap(([name, value]) => [made("dt", visible(name)), made("dd", visible(value))]));
    const guessed = question.guesses.slice(0, 3).map(([label, probability]) => `${visible(label)} ${(100 * probability).toFixed(0)} %`);
    const none = state.labels.length ? "no guess yet" : "No label yet: “new label” names the first one.";
    of("guess").hidden = question.how === "again";
    of("guess").replaceChildren(...(guessed.length ? ["probably ", made("b", guessed[0]), guessed.slice(1).map((each) => ", " + each).join("")] : [none]), ` (${question.how})`);
    of("text").replaceChildren(...shaded(question.text, []));
    const { row } = question;
    ask("shades", { do: "see", row }).then((told) => { if (question && question.row === row && !list) of("text").replaceChildren(...shaded(question.text, told.shades)); }).catch(() => {});
  };
  const many = () => {
    const kept = list.filter((each) => each.in).length;
    of("title").textContent = `${kept} of ${list.length} texts${list[0] && list[0].guess && how === "alike" ? `, probably all ${list[0].guess}` : ""}`;
    of("hint").textContent = how === "alike" ? "Tap what does not belong; then say what the others are." : "Tap those of one label; then say which.";
    of("cards").className = how;
    of("cards").replaceChildren(...list.map((each) => {
      const card = made("button", ""), text = made("span", visible(each.text));
      text.dir = "auto";
      card.setAttribute("aria-pressed", each.in);
      card.append(made("small", visible(each.guess)), text);
      card.addEventListener("click", () => { each.in = !each.in; many(); });
      return card;
    }));
  };
  const show = () => {
    head();
    labels();
    of("one").hidden = ended || list !== null || !question;
    of("many").hidden = ended || list === null;
    of("last").hidden = !ended;
    of("labels").hidden = of("tools").hidden = ended;
    if (ended) return;
    if (list) many();
    else if (question) one();
    for (const button of of("tools").children) {
      const back = ["back", "all"].includes(button.dataset.do);
      const idle = button.dataset.do === "accept" && !(question && (question.doubted || question.guesses.length));
      button.hidden = list ? !back : back || idle || (!question && !["undo", "add", "search", "end"].includes(button.dataset.do));
    }
  };

  // ------------------------------------------------------------------------------------------------ what is done
  const take = async (body, message) => {
    if (busy || ended) return;  // a key that is pressed twice must not label a text that nobody has seen
    busy = true;
    try {
      const told = await ask("steps", body);
      state = told;
      if ("question" in told) { question = told.question; list = null; }
      if ("list" in told) { list = told.list.map((each) => ({ ...each, in: told.how === "alike" })); how = told.how; }
      if ("ended" in told) ended = true;
      say(message === undefined ? "" : typeof message === "function" ? message(told) : message);
      if (again.length && "question" in told) question = again.shift();
      else if ("question" in told && (reviewed || !told.question)) { busy = false; return await end(); }
      show();
    } catch (error) {
      say(error.message === "Failed to fetch" ? "The program has ended. All answers are in its journal." : error.message, true);
    } finally {
      busy = false;
    }
  };
  const give = (label) => {
    if (list) {
      const rows = list.filter((each) => each.in).map((each) => each.row);
      if (!rows.length) return say("Nothing is chosen.", true);
      return take({ do: "label", rows, label, how }, `${label}: ${texts(rows.length)}`);
    }
    if (question) return take({ do: "answer", row: question.row, label, how: question.how }, `labelled ${label}`);
  };
  const end = async () => {
    if (reviewed) return take({ do: "end" });
    reviewed = true;
    const told = await ask("steps", { do: "doubts" });
    if (!told.doubts.length) return take({ do: "end" });
    [question, ...again] = told.doubts;
    list = null;
    show();
    say(told.doubts.length === 1 ? "One label looks doubtful: here it is again." : `${told.doubts.length} labels look doubtful: here they are again.`);
  };
  let wanted = null;  // what to do with a line that is typed
  const type = (asked, then) => {
    wanted = then;
    of("asked").textContent = asked;
    of("typed").value = "";
    of("line").hidden = false;
    of("typed").focus();
  };
  const untype = () => { of("line").hidden = true; of("typed").blur(); };
  of("line").addEventListener("submit", (event) => {
    event.preventDefault();
    const typed = of("typed").value.trim();
    untype();
    if (typed) wanted(typed);
  });
  const found = (told) => (told.found ? texts(told.found) : "No text without a label has these words.");
  const DO = {
    accept: () => {
      if (list) return list[0] && list[0].guess && how === "alike" ? give(list[0].guess) : undefined;
      const label = question && (question.how === "again" ? question.doubted : (question.guesses[0] || [])[0]);
      return label ? give(label) : say("There is no guess yet: choose a label.");
    },
    skip: () => question && (question.how === "again" ? take({ do: "see" }) : take({ do: "skip", row: question.row, how: question.how }, "skipped")),
    undo: () => take({ do: "undo" }, (told) => (told.undone ? `taken back: ${told.undone}${told.texts > 1 ? ` of ${told.texts} texts` : ""}` : "There is nothing to take back.")),
    add: () => type("New label:", (label) => (question || list ? give(label) : take({ do: "add", label }))),
    search: () => type("Words:", async (words) => { await take({ do: "search", words }, found); if (list && !list.length) { list = null; show(); } }),
    alike: () => question && take({ do: "alike", row: question.row }),
    all: () => { const some = list.some((each) => !each.in); for (const each of list) each.in = some; many(); },
    back: () => { list = null; say(""); show(); },
    end,
  };
  for (const button of of("tools").children) button.addEventListener("click", () => DO[button.dataset.do]());
  const KEYS = { Enter: "accept", " ": "skip", Backspace: "undo", "+": "add", "/": "search", "=": "alike" };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || ended) return;
    if (event.target === of("typed")) { if (event.key === "Escape") untype(); return; }
    const label = state.labels.find((each) => each.keys.includes(event.key.toLowerCase()));
    const step = list ? { Escape: "back", Enter: "accept", "*": "all" }[event.key] : KEYS[event.key];
    if (!label && !step) return;
    event.preventDefault();
    if (label) give(label.name);
    else DO[step]();
  });
  // What was learned meanwhile: the guess and the figures, not the question.
  setInterval(async () => {
    if (busy || ended || list || !question || document.hidden || question.how === "again") return;
    const { row, how: why } = question;
    const told = await ask("steps", { do: "ask", row, how: why }).catch(() => null);
    if (!told || busy || list || !question || question.row !== row) return;
    const before = JSON.stringify(question.guesses);
    state = told;
    question = told.question;
    head();
    if (JSON.stringify(question.guesses) !== before) show();
  }, REFRESH);
  take({ do: "see" });
})();
