const finished = document.querySelector("[aria-labelledby=finished]");

for (const button of document.querySelectorAll(".finish")) {
  button.addEventListener("click", () => {
    finished.append(button.closest("li"));
    button.remove();
  });
}
