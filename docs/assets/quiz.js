// Makes the questions of a step something to choose from. What was chosen is kept in this browser only.

const kept = (key, value) => {
  try {
    if (value === undefined) return JSON.parse(localStorage.getItem(key)) ?? {};
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // a browser that keeps nothing: the questions work all the same
  }
  return {};
};

for (const quiz of document.querySelectorAll("ol.quiz")) {
  const key = `groundrules.quiz.${quiz.dataset.quiz}`;
  const chosen = kept(key);
  const questions = [...quiz.querySelectorAll(".quiz-question")];

  const told = document.createElement("p");
  told.className = "quiz-told";
  told.setAttribute("role", "status");
  const again = document.createElement("button");
  again.type = "button";
  again.className = "md-button";
  again.textContent = "Begin again";

  const show = () => {
    const right = questions.filter((each, number) => chosen[number] === Number(each.dataset.right));
    const count = Object.keys(chosen).length;
    told.textContent = count ? `${right.length} of ${questions.length} right.` : "";
    again.hidden = !count;
  };

  questions.forEach((question, number) => {
    const answer = question.querySelector("details");
    const list = question.querySelector(".quiz-answers");
    const fieldset = document.createElement("fieldset");
    const legend = document.createElement("legend");
    legend.append(...question.querySelector("p").childNodes);
    fieldset.append(legend);
    const verdict = document.createElement("p");
    verdict.className = "quiz-verdict";
    verdict.setAttribute("role", "status");

    const judge = (choice) => {
      const right = choice === Number(question.dataset.right);
      verdict.textContent = right ? "Right." : "No. Think again, or open the answer.";
      question.classList.toggle("quiz-right", right);
      question.classList.toggle("quiz-wrong", !right);
      if (right) answer.open = true;
    };

    [...list.children].forEach((item, place) => {
      const label = document.createElement("label");
      const radio = document.createElement("input");
      radio.type = "radio";
      radio.name = `${key}.${number}`;
      radio.checked = chosen[number] === place;
      radio.addEventListener("change", () => {
        chosen[number] = place;
        kept(key, chosen);
        judge(place);
        show();
      });
      const words = document.createElement("span");
      words.append(`${"ABCDEFGH"[place]}. `, ...item.childNodes);
      label.append(radio, words);
      fieldset.append(label);
    });
    question.querySelector("p").remove();
    list.remove();
    question.prepend(fieldset);
    fieldset.append(verdict);
    if (number in chosen) judge(chosen[number]);
  });

  again.addEventListener("click", () => {
    for (const number of Object.keys(chosen)) delete chosen[number];
    kept(key, null);
    for (const question of questions) {
      question.querySelectorAll("input").forEach((radio) => (radio.checked = false));
      question.querySelector(".quiz-verdict").textContent = "";
      question.querySelector("details").open = false;
      question.classList.remove("quiz-right", "quiz-wrong");
    }
    show();
    questions[0].querySelector("input").focus();
  });
  quiz.classList.add("quiz-chosen");
  quiz.after(told, again);
  show();
}
