// One npm SDK of partners, library unchanged, that calls what `sdks.py` tells it to.
//
// usage: node calls.js SDK, with a line of JSON on standard input for each call: first
// `{"url":…, "key":…}`, then `{"call": "profile", "args": […]}`. One line of JSON answers each:
// `{"value": …}`, or `{"refusal": …}` with what the SDK's own error told.
"use strict";

const readline = require("node:readline");

const PROFILE = ["id", "username", "media_count"];
const POST = ["id", "caption"];

/** The platform's own SDK. Its version of the API is fixed. */
function business(url, key) {
  const { FacebookAdsApi, FacebookAdsApiBatch, IGUser, IGMedia } = require("facebook-nodejs-business-sdk");
  Object.defineProperty(FacebookAdsApi, "GRAPH", { get: () => url });
  const api = FacebookAdsApi.init(key, "en_US", false);
  const user = (id) => new IGUser(id, {}, undefined, api);
  const read = (id, fields) => new IGMedia(id, {}, undefined, api).read(fields);
  return {
    profile: async (id) => (await user(id).read(PROFILE)).username,
    pages: async (id) => {
      let cursor = await user(id).getMedia(POST, { limit: 25 });
      const ids = [];
      for (;;) {
        ids.push(...cursor.map((post) => post.id));
        if (!cursor.hasNext()) return ids;
        cursor = await cursor.next();
      }
    },
    nested: async (id) => (await user(id).read(["id", "media.limit(3){id}"])).media,
    prepare: async (id, image_url, caption) => (await user(id).createMedia([], { image_url, caption })).id,
    status: async (id) => (await read(id, ["status_code"]))._data.status_code,
    publish: async (id, creation_id) => (await user(id).createMediaPublish([], { creation_id })).id,
    caption: async (id) => (await read(id, POST)).caption,
    stories: async (id) => (await user(id).getStories(["id"])).length,
    batch: async (entries) => {
      const told = [];
      const keep = (at) => ({ error, body }) => {
        // In a batch its error holds the whole body, not only the member `error`.
        told[at] = error ? { refused: { code: error.response.error.code, message: error.message } } : { body };
      };
      const batch = new FacebookAdsApiBatch(api);
      entries.forEach(([method, path, params], at) => batch.add(method, path, params, null, keep(at), keep(at)));
      if ((await batch.execute()) !== null) throw new Error("entries are left to be tried again");
      return told;
    },
    refusal: (error) => error.name === "FacebookRequestError" && {
      message: error.message,
      status: error.status,
      code: error.response?.code,
      transient: error.response?.is_transient ?? false,
      retry_after: error.headers?.["retry-after"] ?? null,
    },
  };
}

/** A small client in callbacks, one for the whole process. */
function fbgraph(url, key) {
  const graph = require("fbgraph");
  graph.setGraphUrl(url).setAccessToken(key).setVersion("21.0");
  const ask = (verb, ...args) =>
    new Promise((resolve, reject) => graph[verb](...args, (error, answer) => (error ? reject(error) : resolve(answer))));
  const get = (path, params) => ask("get", path, params);
  return {
    profile: async (id) => (await get(id, { fields: PROFILE.join() })).username,
    pages: async (id) => {
      let page = await get(`${id}/media`, { fields: POST.join(), limit: 25 });
      const ids = page.data.map((post) => post.id);
      while (page.paging?.next) {
        page = await ask("get", page.paging.next);
        ids.push(...page.data.map((post) => post.id));
      }
      return ids;
    },
    nested: async (id) => (await get(id, { fields: "id,media.limit(3){id}" })).media,
    prepare: async (id, image_url, caption) => (await ask("post", `${id}/media`, { image_url, caption })).id,
    status: async (id) => (await get(id, { fields: "status_code" })).status_code,
    publish: async (id, creation_id) => (await ask("post", `${id}/media_publish`, { creation_id })).id,
    caption: async (id) => (await get(id, { fields: POST.join() })).caption,
    stories: async (id) => (await get(`${id}/stories`, { fields: "id" })).data.length,
    batch: async (entries) => {
      const query = (params) => new URLSearchParams(params).toString();
      const told = await ask("batch", entries.map(([method, path, params]) => method === "GET"
        ? { method, relative_url: `${path}?${query(params)}` }
        : { method, relative_url: path, body: query(params) }));
      return told.map((answer) => {
        const body = JSON.parse(answer.body);
        return body.error ? { refused: { code: body.error.code, message: body.error.message } } : { body };
      });
    },
    // What it hands out is the `error` object of the answer; its own faults have no code.
    refusal: (error) => error.code !== undefined && {
      message: error.message,
      status: null,
      code: error.code,
      transient: error.is_transient ?? false,
      retry_after: error.retry_after ?? null,
    },
  };
}

async function answer(sdk, { call, args }) {
  try {
    return { value: (await sdk[call](...args)) ?? null };
  } catch (error) {
    return { refusal: sdk.refusal(error) || { message: String(error?.stack ?? JSON.stringify(error)) } };
  }
}

(async () => {
  let sdk;
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const asked = JSON.parse(line);
    if (sdk) console.log(JSON.stringify(await answer(sdk, asked)));
    else sdk = { business, fbgraph }[process.argv[2]](asked.url, asked.key);
  }
})();
