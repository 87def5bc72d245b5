// Does to the page what a person would: sees, writes and presses, step by step as the test says.

const moment = () => new Promise(over => setTimeout(over, 20));

async function until(what, body, look) {
  for (const gives_up = Date.now() + 60_000; Date.now() < gives_up; await moment()) {
    const found = look();
    if (found) return found;
  }
  throw new Error(`no ${what} in: ${body().innerText}`);
}

// The part of the page that a person means by some words in it.
function beside(body, words) {
  return words ? [...body().querySelectorAll("section")].find(section => section.textContent.includes(words)) : body();
}

const perform = {
  see: (body, { words }) => until(`"${words}"`, body, () => body().innerText.includes(words)),
  miss: (body, { words }) => until(`page without "${words}"`, body, () => !body().innerText.includes(words)),
  write: async (body, { words, where }) => {
    const box = await until(`box beside "${where}"`, body, () => beside(body, where)?.querySelectorAll("textarea")[0]);
    box.value = words;
  },
  press: async (body, { title, where }) => {
    const named = button => button.textContent === title && !button.disabled;
    const buttons = () => [...(beside(body, where)?.querySelectorAll("button") ?? [])];
    (await until(`button "${title}" beside "${where}"`, body, () => buttons().find(named))).click();
  },
};

// `body` gives the page's body as it is now; `server` is the test's.
async function drive(body, server) {
  for (;;) {
    const step = await (await fetch(`${server}/step`)).json();
    const outcome = await perform[step.do](body, step).then(() => "done", error => error.message);
    await fetch(`${server}/outcome`, { method: "POST", body: outcome });
  }
}
