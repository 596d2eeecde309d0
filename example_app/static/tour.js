// Sends a situation when its button is pressed, and shows what came of it.
"use strict";

const answer = document.querySelector("#answer");
const news = document.querySelector("#news");
let pressed = null;

document.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = event.submitter;
  pressed = button;
  stand(button);
  answer.setAttribute("aria-busy", "true");
  let shown;
  try {
    const response = await fetch(button.formAction, { method: "POST" });
    if (!response.ok) throw new Error(`The server answered ${response.status}.`);
    shown = outcome(button, await response.json());
  } catch (error) {
    shown = failure(error);
  }
  // Whoever has pressed another button meanwhile waits for that one.
  if (pressed !== button) return;
  answer.replaceChildren(...shown.children);
  answer.scrollTop = 0;
  answer.removeAttribute("aria-busy");
});

// Has the answer stand after its button, so that it is the next to read. On a wide screen the style
// sheet puts it beside the buttons; elsewhere the button must not move away under the finger.
function stand(button) {
  const top = button.getBoundingClientRect().top;
  document.querySelector("button[aria-current]")?.removeAttribute("aria-current");
  button.setAttribute("aria-current", "true");
  button.after(answer);
  scrollBy({ top: button.getBoundingClientRect().top - top, behavior: "instant" });
}

function outcome(button, { promised, before, request, status, headers, body, findings }) {
  const shown = document.querySelector("#outcome").content.cloneNode(true);
  const find = (selector) => shown.querySelector(selector);
  const kept = status.startsWith(`${promised} `);
  const verdict = kept ? "as promised" : `promised was ${promised}`;

  find("h2").textContent = button.querySelector(".title").textContent;
  find(".verdict").dataset.kept = kept;
  find(".verdict strong").textContent = status;
  find(".verdict span").textContent = verdict;
  if (before.length) find(".sent h3").after(steps(before));
  find(".sent pre").textContent = [request.line, ...lines(request.headers), "", pretty(request.body)]
    .join("\n").trimEnd();
  find(".audit").append(findings.length ? faults(findings) : nothing());
  find(".received b").textContent = `HTTP/1.1 ${status}`;
  find(".headers").replaceChildren(...headers.flatMap(header));
  find(".body").textContent = pretty(body);
  if (body.startsWith("<!doctype html>")) find(".received").before(preview(body));
  const type = parsed(body)?.type;
  if (String(type).startsWith("/")) find(".received").after(meaning(type));

  button.querySelector(".kept").textContent = kept ? "✓ as promised" : `✗ ${status}`;
  button.dataset.kept = kept;
  const found = findings.map((finding) => `${finding.id} ${finding.summary}`).join(", ");
  news.textContent = `${status}, ${verdict}. The auditor has found ${found || "nothing"}.`;
  return wrapped(shown);
}

function failure(error) {
  const heading = element("h2", "That did not work", { id: "answer-title" });
  news.textContent = error.message;
  return wrapped(heading, element("p", error.message));
}

function wrapped(...nodes) {
  const wrapper = document.createElement("div");
  wrapper.append(...nodes);
  return wrapper;
}

function element(name, text, attributes = {}) {
  return Object.assign(document.createElement(name), { textContent: text }, attributes);
}

function lines(headers) {
  return headers.map(([name, value]) => `${name}: ${value}`);
}

function header([name, value]) {
  return [element("span", `${name}:`, { className: "name" }), ` ${value}\n`];
}

// What JSON says; undefined if it is none, whatever its Content-Type says.
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function pretty(text) {
  return JSON.stringify(parsed(text), null, 2) ?? text;
}

function meaning(type) {
  const line = document.createElement("p");
  line.append(element("a", "What this type means", { href: type }));
  return line;
}

function steps(before) {
  const sent = element("ol", "", { className: "before" });
  sent.append(...before.map((step) => element("li", `${step.request} → ${step.status}`)));
  return sent;
}

function nothing() {
  return element("p", "Nothing found.", { className: "good" });
}

function faults(findings) {
  const list = element("ul", "", { className: "findings" });
  for (const { id, summary, hint, section } of findings) {
    const item = document.createElement("li");
    item.append(
      element("strong", id),
      ` ${summary}. `,
      element("span", hint, { className: "remedy" }),
      element("small", section),
    );
    list.append(item);
  }
  return list;
}

// The sandbox runs no scripts and follows no links.
function preview(page) {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "");
  frame.title = "The page, as a browser shows it";
  frame.srcdoc = page;
  return frame;
}
