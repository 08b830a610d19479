/* Comfort on top of pages that work without it: the error summary takes the focus, a choice brings what is usual with it,
   and a form says that it is being sent and is sent once. */

const PATIENCE = 60_000; // after so many milliseconds without an answer a form may be sent again

document.querySelector("[data-error-summary]")?.focus();

// A page that answers a form is asked for anew when the Back button or a reload brings it back: the draft fills it in, and
// the browser need not ask whether to send everything again.
if (document.querySelector("[data-error-summary]") && document.querySelector("form[data-sending]")) {
  history.replaceState(null, "", location.href);
}

for (const form of document.querySelectorAll("form[data-sending]")) {
  const status = form.querySelector("[role=status]");
  let isSent = false;

  const reset = () => {
    isSent = false;
    status.textContent = "";
  };

  form.addEventListener("submit", (event) => {
    if (isSent) {
      event.preventDefault();
      return;
    }
    isSent = true;
    status.textContent = form.dataset.sending;
    setTimeout(reset, PATIENCE);
  });
  addEventListener("pageshow", reset); // the Back button brings the page back as it was left
}

// A choice brings along what is usual for it: its data-means is put into the field "means" of the same form, and so on.
for (const leader of document.querySelectorAll("select[data-leads]")) {
  leader.addEventListener("change", () => {
    for (const name of leader.dataset.leads.split(" ")) {
      const field = leader.form.elements[leader.name.replace("kind", name)];
      field.value = leader.selectedOptions[0].dataset[name];
    }
  });
}
