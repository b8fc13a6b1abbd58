// Light, dark, or the system's choice.
// Here: reading the stored choice before the first paint (a classic script, so that it blocks
// rendering), and the three-way control in the top bar. Not here: any colour; those are tokens.css.
(function () {
  "use strict";
  var KEY = "journey-theme";
  var root = document.documentElement;

  function stored() {
    try {
      var value = localStorage.getItem(KEY);
      return value === "light" || value === "dark" ? value : "system";
    } catch (error) {
      return "system"; // storage is blocked: the page still works, the choice is not kept
    }
  }

  function apply(choice) {
    if (choice === "system") root.removeAttribute("data-theme");
    else root.setAttribute("data-theme", choice);
  }

  function keep(choice) {
    apply(choice);
    try {
      localStorage.setItem(KEY, choice);
    } catch (error) {
      return; // as above
    }
  }

  apply(stored());
  document.addEventListener("DOMContentLoaded", function () {
    var control = document.querySelector("[data-theme-control]");
    var choice = stored();
    control.querySelectorAll("input").forEach(function (input) {
      input.checked = input.value === choice;
    });
    control.addEventListener("change", function (event) {
      keep(event.target.value);
    });
    control.hidden = false;
  });
})();
