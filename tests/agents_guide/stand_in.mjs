// The few calls to the page's document that the guide's page makes, for machines without a browser:
//   node stand_in.mjs PAGE SEARCH DRIVER SERVER
import { readFileSync } from "node:fs";

class Element {
  constructor(tag) {
    Object.assign(this, { tag, children: [], own: "", value: "", disabled: false, parent: undefined });
  }
  append(...added) {
    for (const one of added) {
      const child = typeof one === "object" ? one : Object.assign(new Element("#text"), { own: String(one) });
      child.remove();
      child.parent = this;
      this.children.push(child);
    }
  }
  remove() {
    if (this.parent) this.parent.children = this.parent.children.filter(child => child !== this);
    this.parent = undefined;
  }
  replaceChildren(...added) {
    for (const child of this.children) child.parent = undefined;
    Object.assign(this, { children: [], own: "" });
    this.append(...added);
  }
  get textContent() { return this.own + this.children.map(child => child.textContent).join(""); }
  set textContent(text) { this.replaceChildren(); this.own = text; }
  get innerText() { return this.textContent; }
  querySelectorAll(tag) {
    return this.children.flatMap(child => [...(child.tag === tag ? [child] : []), ...child.querySelectorAll(tag)]);
  }
  click() { this.onclick(); }
}

const [page, search, driver, server] = process.argv.slice(2);
const text = readFileSync(page, "utf8");
const body = new Element("body"), named = new Map();
for (const [, tag, name] of text.matchAll(/<(\w+) id="(\w+)"/g)) {
  const made = new Element(tag);
  named.set(name, made);
  body.append(made);
}
const document = { createElement: tag => new Element(tag), getElementById: name => named.get(name) };
const script = text.slice(text.indexOf("<script>") + 8, text.indexOf("</script>"));
new Function("document", "location", "confirm", script)(document, { search }, () => false);
new Function("body", "server", `${readFileSync(driver, "utf8")}; drive(body, server)`)(() => body, server);
