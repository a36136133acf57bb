// node scimmy.js EXPRESS TOKEN: scimmy-routers on a free port of the loopback interface, one store in memory for each name in /NAME/v2.
// EXPRESS is the package it runs under: "express" (4), or "express5", under which it does not page. Says its port on standard output.
"use strict";

const http = require("node:http");
const { randomUUID } = require("node:crypto");
const Module = require("node:module");

const [, , framework, token] = process.argv;
const resolve = Module._resolveFilename;
Module._resolveFilename = (name, ...rest) => resolve(name === "express" ? framework : name, ...rest);

const express = require("express");
const SCIMMY = require("scimmy");
const { SCIMMYRouters } = require("scimmy-routers");

const stores = new Map();

function rows(store, kind) {
  const key = `${store}/${kind}`;
  if (!stores.has(key)) stores.set(key, new Map());
  return stores.get(key);
}

// What an application has to bring along: keeping, finding and removing. All else, filters included, is scimmy's.
function kept(Resource, kind, unique) {
  const folded = (row) => String(row[unique]).toLowerCase();
  const found = ({ id }, store) => {
    const row = rows(store, kind).get(id);
    if (!row) throw new SCIMMY.Types.Error(404, null, `${kind} ${id} not found`);
    return row;
  };
  const write = (resource, instance, store) => {
    const now = new Date().toISOString();
    const before = resource.id ? found(resource, store) : { id: randomUUID(), meta: { created: now } };
    const others = [...rows(store, kind).values()].filter((row) => row.id !== before.id);
    if (others.some((row) => folded(row) === folded(instance)))
      throw new SCIMMY.Types.Error(409, "uniqueness", `${unique} ${instance[unique]} is taken`);
    const meta = { created: before.meta.created, lastModified: now };
    const row = { ...JSON.parse(JSON.stringify(instance)), id: before.id, meta };
    rows(store, kind).set(row.id, row);
    return row;
  };
  const read = (resource, store) => {
    if (resource.id) return found(resource, store);
    const all = [...rows(store, kind).values()];
    return resource.filter ? resource.filter.match(all) : all;
  };
  const remove = (resource, store) => rows(store, kind).delete(found(resource, store).id);
  SCIMMY.Resources.declare(Resource).ingress(write).egress(read).degress(remove);
}

kept(SCIMMY.Resources.User, "User", "userName");
kept(SCIMMY.Resources.Group, "Group", "displayName");

const application = express();
application.use(
  "/:store/v2",
  new SCIMMYRouters({
    type: "bearer",
    handler: (request) => {
      if (request.header("Authorization") !== `Bearer ${token}`) throw new Error("This token is not known here");
      return "";
    },
    context: (request) => request.params.store,
  }),
);
const server = http.createServer(application);
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
