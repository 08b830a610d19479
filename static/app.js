/* Comfort on top of pages that work without it: the error summary takes the focus, a choice brings what is usual with it,
   a form says that it is being sent and is sent once, and a file goes straight to the bucket while the rest is typed. */

const PATIENCE = 60_000; // after so many milliseconds without an answer a form may be sent again

document.querySelector("[data-error-summary]")?.focus();

// A page that answers a form is asked for anew when the Back button or a reload brings it back: the draft fills it in, and
// the browser need not ask whether to send everything again.
if (document.querySelector("[data-error-summary]") && document.querySelector("form[data-sending]")) {
  history.replaceState(null, "", location.href);
}

// Who leaves while a file is on its way is asked, and nobody else.
const underway = new Set();
const ask = (event) => event.preventDefault();

function note(box, isUnderway) {
  underway[isUnderway ? "add" : "delete"](box);
  (underway.size ? addEventListener : removeEventListener)("beforeunload", ask);
}

// Where the file may go; one at a time, for the first answer brings the cookie that the next must be asked with.
let queue = Promise.resolve();

function announce(form, field, { name, size }) {
  queue = queue.then(async () => {
    try {
      const body = new URLSearchParams({ token: form.elements.token.value, field, name, size });
      const answer = await fetch(form.dataset.announce, { method: "POST", body });
      return answer.ok || answer.status === 422 ? await answer.json() : {};
    } catch {
      return {};
    }
  });
  return queue;
}

// The file of one input. Whatever fails, it is still in the input and goes with the form as if there were no script.
function directUpload(box, form, cancelled) {
  const input = form.elements[box.dataset.upload];
  const part = (selector) => box.querySelector(selector);
  const [bar, status] = [part("progress"), part("[role=status]")];
  const [retry, cancel] = [part("[data-act=retry]"), part("[data-act=cancel]")];
  const upload = { done: Promise.resolve() };
  let run = 0; // counts attempts: one that answers late changes nothing
  let plan, request, failures, token;

  const show = (state, text = box.dataset[state]) => {
    note(box, state === "sending");
    status.textContent = text;
    status.classList.toggle("error", state === "refused");
    bar.hidden = cancel.hidden = state !== "sending";
    retry.hidden = state !== "failed";
  };

  const post = (file) =>
    new Promise((resolve) => {
      const body = new FormData();
      Object.entries(plan.fields).forEach((field) => body.append(...field));
      body.append("file", file);
      request = new XMLHttpRequest();
      request.upload.onprogress = ({ loaded, total }) => (bar.value = loaded / total);
      request.onloadend = ({ target }) => resolve(target.status);
      request.open("POST", plan.url);
      request.send(body);
    });

  const send = async () => {
    const mine = ++run;
    const [file] = input.files;
    const isOld = Boolean(plan);
    bar.value = 0;
    show("sending");
    const found = plan ?? (await announce(form, input.name, file));
    if (mine !== run) return;
    if (found.error) {
      input.value = "";
      show("refused", found.error);
      return;
    }
    plan = found.url && found;
    const answer = plan ? await post(file) : 0;
    if (mine !== run) return;
    if (answer >= 200 && answer < 300) {
      token = plan.token;
      show("sent");
      return;
    }
    if (answer) plan = undefined; // the bucket refused: the form has run out
    if (answer === 403 && isOld) {
      await send();
      return;
    }
    failures += 1;
    show(failures < 2 ? "failed" : "carried");
  };

  const stop = () => {
    run += 1;
    request?.abort();
    plan = token = undefined;
    failures = 0;
  };

  input.addEventListener("change", () => {
    stop();
    if (input.files.length) upload.done = send();
    else show("cancelled");
  });

  retry.addEventListener("click", () => {
    upload.done = send();
    cancel.focus();
  });

  cancel.addEventListener("click", () => {
    stop();
    input.value = "";
    show("cancelled");
    input.focus();
    cancelled();
  });

  form.addEventListener("formdata", ({ formData }) => {
    if (!token) return;
    formData.delete(input.name);
    formData.append(`${input.name}_direct`, token);
  });

  return upload;
}

for (const form of document.querySelectorAll("form[data-sending]")) {
  const status = form.querySelector("[role=status]:not(.upload *)");
  let isSent = false;
  let wait; // the submission that waits for files, if one does

  const reset = () => {
    isSent = false;
    wait = undefined;
    status.textContent = "";
  };

  const uploads = [...form.querySelectorAll("[data-upload]")].map((box) => directUpload(box, form, reset));

  form.addEventListener("submit", (event) => {
    if (isSent) {
      event.preventDefault();
      return;
    }
    isSent = true;
    status.textContent = form.dataset.sending;
    if (!underway.size) {
      setTimeout(reset, PATIENCE);
      return;
    }
    event.preventDefault(); // and send it when the files have come through, or have to go with it
    const mine = (wait = event);
    Promise.all(uploads.map((upload) => upload.done)).then(() => {
      if (mine !== wait) return; // a file was cancelled: the person wishes to look again
      isSent = false;
      form.requestSubmit(event.submitter);
    });
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
