// node site.js passport_saml|samlify: a service provider on a free port of the loopback interface, as provider.py describes it.
// Says its port on standard output, everything else on standard error.
"use strict";

const http = require("node:http");

console.log = console.info = console.debug = console.error;

const library = require(`./${process.argv[2]}.js`);

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

function answer(response, { status = 200, type = "application/json", location = "", content = "" }) {
  response.writeHead(location ? 302 : status, { "Content-Type": type, ...(location && { Location: location }) });
  response.end(typeof content === "string" ? content : JSON.stringify(content));
}

// The page of the POST binding, without the script that would press its button.
function form(address, fields) {
  const quoted = (text) =>
    String(text).replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const inputs = Object.entries(fields).map(([name, value]) => `<input type="hidden" name="${name}" value="${quoted(value)}">`);
  return { type: "text/html; charset=utf-8", content: `<form method="post" action="${quoted(address)}">${inputs.join("")}</form>` };
}

async function routed(request, site) {
  const url = new URL(request.url, site.base);
  const query = Object.fromEntries(url.searchParams);
  const text = await body(request);
  const fields = url.pathname === "/configure" ? {} : Object.fromEntries(new URLSearchParams(text));
  switch (url.pathname) {
    case "/configure":
      return { content: await site.configure(JSON.parse(text)) };
    case "/metadata":
      return { type: "application/samlmetadata+xml", content: site.metadata() };
    case "/login":
      return site.login(query, request);
    case "/acs":
      return { content: { ...(await site.accept(fields)), relay_state: fields.RelayState ?? null } };
    case "/logout":
      return site.logout(query);
    case "/slo":
      return site.loggedOut({ query, fields, raw: url.search.slice(1), url: request.url });
    case "/who":
      return { content: { who: site.who() } };
    default:
      return { status: 404, content: {} };
  }
}

const server = http.createServer((request, response) => {
  routed(request, server.site).then(
    (said) => answer(response, said),
    (error) => {
      console.error(error);
      answer(response, { status: 403, content: { error: String((error && error.message) || error) } });
    },
  );
});
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address();
  server.site = library.site(`http://127.0.0.1:${port}`, form);
  process.stdout.write(`${port}\n`);
});
