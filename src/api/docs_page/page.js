"use strict";
/* Draws /openapi.json. Everything from the document goes in as text, never as HTML. */
(() => {
  const $ = (id) => document.getElementById(id);
  const el = (tag, props, ...children) => {
    const node = Object.assign(document.createElement(tag), props);
    node.append(...children.filter((child) => child != null));
    return node;
  };
  let spec;

  /* ---- schemas ---- */

  const resolve = (schema) => {
    let depth = 0;
    while (schema && schema.$ref && depth++ < 20)
      schema = schema.$ref.slice(2).split("/").reduce((at, key) => at && at[key], spec);
    return schema || {};
  };
  const name = (schema) => schema && schema.$ref ? schema.$ref.split("/").pop() : "";
  const inner = (schema) => schema && schema.anyOf ? schema.anyOf.find((s) => s.type !== "null") : schema;

  const typeText = (schema) => {
    if (!schema) return "any";
    if (schema.$ref) return name(schema);
    if (schema.anyOf) return schema.anyOf.map(typeText).join(" | ");
    if (schema.enum) return schema.enum.map((v) => JSON.stringify(v)).join(" | ");
    if (schema.type === "array") return "array of " + typeText(schema.items);
    const type = [].concat(schema.type || "any").join(" | ");
    return schema.format ? type + " (" + schema.format + ")" : type;
  };
  const limits = (schema) => {
    const parts = [];
    if ("minimum" in schema || "maximum" in schema) parts.push((schema.minimum ?? "") + " .. " + (schema.maximum ?? ""));
    if ("minLength" in schema || "maxLength" in schema) parts.push((schema.minLength ?? 0) + " .. " + (schema.maxLength ?? "") + " characters");
    if ("default" in schema) parts.push("default " + JSON.stringify(schema.default));
    return parts.join(", ");
  };

  const row = (label, schema, required, doc, seen) => {
    const target = inner(schema), below = target && target.type === "array" ? target.items : target;
    const deeper = below && below.$ref && !seen.includes(name(below))
      ? el("details", { className: "nested" }, el("summary", { textContent: name(below) }), fields(resolve(below), seen.concat(name(below))))
      : null;
    const hint = limits(schema || {});
    return el("tr", {},
      el("td", {}, label, required ? el("span", { className: "must", textContent: " *", title: "required" }) : null),
      el("td", { textContent: typeText(schema) }),
      el("td", {}, doc || (schema && schema.description) || "", hint ? el("div", { className: "chip", textContent: hint }) : null, deeper));
  };
  const fields = (schema, seen) => {
    const table = el("tbody");
    for (const [key, value] of Object.entries(schema.properties || {}))
      table.append(row(key, value, (schema.required || []).includes(key), "", seen));
    return el("table", {}, table);
  };
  const schemaView = (schema) => {
    if (!schema) return null;
    const target = schema.type === "array" ? schema.items : schema;
    const whole = resolve(target);
    if (!whole.properties) return el("div", { className: "chip", textContent: typeText(schema) });
    return el("div", {}, el("div", { className: "chip", textContent: typeText(schema) }), fields(whole, [name(target)]));
  };

  /* A body to start from: required members, and those with a default. */
  const sample = (schema, depth = 0) => {
    schema = resolve(inner(schema));
    if ("default" in schema) return schema.default;
    if (schema.enum) return schema.enum[0];
    const type = [].concat(schema.type || "object")[0];
    if (type === "array") return depth < 3 && schema.minItems ? [sample(schema.items, depth + 1)] : [];
    if (type === "object") {
      const out = {};
      for (const [key, value] of Object.entries(schema.properties || {}))
        if ((schema.required || []).includes(key) || "default" in value) out[key] = depth < 3 ? sample(value, depth + 1) : null;
      return out;
    }
    return { string: schema.format === "uuid" ? "00000000-0000-4000-8000-000000000000" : "", integer: schema.minimum || 0, number: schema.minimum || 0, boolean: false }[type] ?? null;
  };

  /* ---- trying ---- */

  const quote = (text) => "'" + text.replaceAll("'", "'\\''") + "'";

  const collect = (op, method, path, form) => {
    const query = new URLSearchParams();
    let url = path;
    for (const p of op.parameters || []) {
      const value = form.elements[p.in + ":" + p.name].value;
      if (p.in === "path") url = url.replace("{" + p.name + "}", value.split("/").map(encodeURIComponent).join("/"));
      else if (value !== "") query.set(p.name, value);
    }
    if (String(query)) url += "?" + query;
    const request = { method: method.toUpperCase(), headers: {} };
    if ($("token").value) request.headers.Authorization = "Bearer " + $("token").value.trim();
    let curl = "curl -X " + request.method + " " + quote(location.origin + url);
    if (request.headers.Authorization) curl += " -H \"Authorization: Bearer $TOKEN\"";
    if (form.elements.json) {
      request.body = form.elements.json.value;
      request.headers["Content-Type"] = "application/json";
      curl += " -H 'Content-Type: application/json' -d " + quote(request.body);
    }
    if (form.elements.file) {
      request.body = new FormData();
      for (const input of form.querySelectorAll("[data-part]"))
        if (input.type !== "file" && input.value !== "") request.body.append(input.name, input.value);
        else if (input.type === "file" && input.files[0]) request.body.append(input.name, input.files[0]);
      curl += " -F file=@" + quote(form.elements.file.files[0] ? form.elements.file.files[0].name : "FILE");
    }
    return { url, request, curl };
  };

  const showBody = async (reply, into, signal) => {
    const type = reply.headers.get("content-type") || "";
    if (type.startsWith("text/event-stream")) {
      const pre = el("pre"), reader = reply.body.getReader(), decoder = new TextDecoder();
      into.append(pre);
      for (;;) {
        const { done, value } = await reader.read();
        if (done || signal.aborted) return;
        pre.textContent = (pre.textContent + decoder.decode(value, { stream: true })).slice(-20000);
        pre.scrollTop = pre.scrollHeight;
      }
    }
    if (/^(image|video|audio)\//.test(type)) {
      const tag = type.split("/")[0] === "image" ? "img" : type.split("/")[0];
      into.append(el(tag, { src: URL.createObjectURL(await reply.blob()), controls: true }));
      return;
    }
    let text = await reply.text();
    if (type.includes("json") && text) try { text = JSON.stringify(JSON.parse(text), null, 2); } catch { /* shown as it is */ }
    if (text) into.append(el("pre", { textContent: text.slice(0, 200000) }));
  };

  const tryForm = (op, method, path) => {
    const form = el("form", { className: "try" }), answer = el("div", { className: "answer" });
    for (const p of op.parameters || []) {
      const choices = p.schema && p.schema.enum;
      const input = choices
        ? el("select", { name: p.in + ":" + p.name }, el("option", { value: "", textContent: "" }), ...choices.filter((c) => c !== null).map((c) => el("option", { value: c, textContent: c })))
        : el("input", { name: p.in + ":" + p.name, placeholder: p.schema && "default" in p.schema ? String(p.schema.default) : "" });
      input.required = p.required;
      form.append(el("label", {}, p.name, input));
    }
    const content = op.requestBody ? op.requestBody.content : {};
    if (content["application/json"])
      form.append(el("textarea", { name: "json", spellcheck: false, value: JSON.stringify(sample(content["application/json"].schema), null, 2), ariaLabel: "Body" }));
    const parts = content["multipart/form-data"] ? content["multipart/form-data"].schema.properties : {};
    for (const key of Object.keys(parts)) {
      const input = el("input", { name: key, type: key === "file" ? "file" : "text" });
      input.dataset.part = "";
      form.append(el("label", {}, key, input));
    }
    const send = el("button", { className: "main", textContent: "Send" });
    const stop = el("button", { type: "button", textContent: "Stop", hidden: true });
    form.append(el("div", { className: "row" }, send, stop), answer);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const { url, request, curl } = collect(op, method, path, form), control = new AbortController(), from = performance.now();
      send.disabled = true;
      stop.hidden = false;
      stop.onclick = () => control.abort();
      answer.replaceChildren(el("pre", { textContent: curl }));
      try {
        const reply = await fetch(url, { ...request, signal: control.signal });
        answer.append(el("b", { className: reply.ok ? "ok" : "bad", textContent: reply.status + " " + reply.statusText + "  " + Math.round(performance.now() - from) + " ms" }));
        await showBody(reply, answer, control.signal);
      } catch (error) {
        if (!control.signal.aborted) answer.append(el("b", { className: "bad", textContent: String(error) }));
      }
      send.disabled = false;
      stop.hidden = true;
    });
    return form;
  };

  /* ---- operations ---- */

  const details = (op, method, path) => {
    const body = el("div", { className: "body" });
    if (op.description) body.append(el("p", { textContent: op.description }));
    if (op.parameters) {
      const table = el("tbody");
      for (const p of op.parameters) table.append(row(p.name, p.schema, p.required, p.description, []));
      body.append(el("h3", { textContent: "Parameters" }), el("table", {}, table));
    }
    for (const [type, media] of Object.entries(op.requestBody ? op.requestBody.content : {}))
      body.append(el("h3", { textContent: "Body  " + type }), schemaView(media.schema) || "");
    body.append(el("h3", { textContent: "Try it" }), tryForm(op, method, path), el("h3", { textContent: "Replies" }));
    const table = el("tbody");
    for (const [status, reply] of Object.entries(op.responses)) {
      const [type, media] = Object.entries(reply.content || {})[0] || ["", null];
      table.append(el("tr", {}, el("td", { textContent: status }), el("td", { textContent: type }),
        el("td", {}, reply.description, status < 300 && media ? schemaView(media.schema) : null)));
    }
    body.append(el("table", {}, table));
    return body;
  };

  const operation = (op, method, path) => {
    const box = el("details", { className: "op", id: op.operationId },
      el("summary", {}, el("span", { className: "verb " + method, textContent: method.toUpperCase() }),
        el("span", { className: "path", textContent: path }),
        op.security ? el("span", { className: "lock", textContent: "token" }) : null,
        el("span", { className: "what", textContent: op.summary || "" })));
    box.dataset.text = (method + " " + path + " " + (op.summary || "")).toLowerCase();
    box.addEventListener("toggle", () => {
      if (!box.open) return;
      if (!box.querySelector(".body")) box.append(details(op, method, path));
      history.replaceState(null, "", "#" + box.id);
    });
    return box;
  };

  const draw = () => {
    const groups = new Map((spec.tags || []).map((tag) => [tag.name, []]));
    for (const [path, item] of Object.entries(spec.paths))
      for (const [method, op] of Object.entries(item)) {
        const tag = (op.tags || ["other"])[0];
        if (!groups.has(tag)) groups.set(tag, []);
        groups.get(tag).push({ op, method, path });
      }
    for (const [tag, ops] of groups) {
      if (!ops.length) continue;
      $("nav").append(el("b", { textContent: tag }));
      const section = el("section", {}, el("h2", { textContent: tag }));
      for (const { op, method, path } of ops) {
        const link = el("a", { href: "#" + op.operationId }, el("span", { className: "verb " + method, textContent: method.toUpperCase() }), el("span", { textContent: path, title: path }));
        link.addEventListener("click", () => { $(op.operationId).open = true; });
        $("nav").append(link);
        section.append(operation(op, method, path));
      }
      $("main").append(section);
    }
  };

  const search = () => {
    const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const box of document.querySelectorAll(".op")) box.hidden = !words.every((word) => box.dataset.text.includes(word));
    for (const section of document.querySelectorAll("section")) section.hidden = !section.querySelector(".op:not([hidden])");
  };

  const theme = (value) => { document.documentElement.dataset.theme = value; };
  theme(localStorage.getItem("theme") || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
  $("theme").addEventListener("click", () => {
    theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
    localStorage.setItem("theme", document.documentElement.dataset.theme);
  });
  $("search").addEventListener("input", search);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/INPUT|TEXTAREA|SELECT/.test(document.activeElement.tagName)) {
      event.preventDefault();
      $("search").focus();
    }
  });
  $("token").value = sessionStorage.getItem("token") || "";
  $("token").addEventListener("input", () => sessionStorage.setItem("token", $("token").value));

  fetch("/openapi.json").then((reply) => reply.json()).then((document_) => {
    spec = document_;
    document.title = $("title").textContent = spec.info.title;
    $("version").textContent = spec.info.version;
    $("about").textContent = spec.info.description || "";
    $("status").remove();
    draw();
    const box = location.hash && $(location.hash.slice(1));
    if (box) { box.open = true; box.scrollIntoView(); }
  }).catch((error) => { $("status").textContent = "The API description cannot be loaded: " + error; });
})();
