// What a page in a bucket would try: each attempt gives what it reached, or throws.
async function attack(secret, port) {
  const node = location.protocol === "about:" ? "" : `http://${location.host || `127.0.0.1:${port}`}`;
  const socket = `ws://127.0.0.1:${port}`;
  const within = (promise, what) =>
    Promise.race([promise, new Promise((_, no) => setTimeout(() => no(new Error(`${what} never answered`)), 5000))]);
  const text = async (target, options) => {
    const answer = await fetch(node + target, { credentials: "include", ...options });
    if (!answer.ok) throw new Error(`${answer.type} ${answer.status}`);
    return (await answer.text()).slice(0, 200);
  };
  const event = (target, good, bad = "error") =>
    within(
      new Promise((yes, no) => {
        target.addEventListener(good, () => yes(good));
        target.addEventListener(bad, () => no(new Error(bad)));
      }),
      good,
    );
  const element = async (tag, source) => {
    const made = document.createElement(tag);
    const loaded = event(made, "load");
    if (tag === "link") made.rel = "stylesheet";
    made[tag === "link" ? "href" : "src"] = node + source;
    document.documentElement.append(made);
    await loaded;
    return made;
  };
  const worker = async (kind) => {
    const code = `fetch("${node}/info").then((got) => got.text()).then((t) => postMessage(t), (e) => postMessage(""))`;
    const made = new kind(URL.createObjectURL(new Blob([code])));
    const answer = await within(new Promise((yes) => (made.onmessage = (said) => yes(said.data))), "worker");
    if (!answer) throw new Error("a worker reads nothing");
    return answer.slice(0, 200);
  };

  const attempts = {
    localStorage: () => (localStorage.setItem("mine", "1"), `secret=${localStorage.getItem("secret")}`),
    sessionStorage: () => (sessionStorage.setItem("mine", "1"), String(sessionStorage.length)),
    indexedDB: () => event(indexedDB.open("secret"), "success"),
    caches: async () => String((await caches.keys()).length),
    cookies: () => ((document.cookie = "mine=1"), document.cookie),
    files: async () => String(await navigator.storage.getDirectory()),
    serviceWorker: async () => String(await navigator.serviceWorker.register(node + "/7/site/sw.js")),
    sharedWorker: () => event(new SharedWorker(node + "/7/site/sw.js"), "connect"),
    pageWorker: () => event(new Worker(node + "/7/site/worker.js"), "message"),
    blobWorker: () => worker(Worker),
    info: () => text("/info"),
    health: () => text("/healthz"),
    openapi: () => text("/api/v1/openapi.json"),
    metrics: () => text("/metrics"),
    nameInJson: () => text("/v1/cns/7/site"),
    streams: () => text("/api/v1/streams"),
    bearer: () => text("/api/v1/bearer", { method: "POST" }),
    putNode: () =>
      text("/v1/dag/7", { method: "POST", headers: { "content-type": "application/json" }, body: '{"node":{}}' }),
    putPiece: () => text("/api/v1/pieces", { method: "POST", body: "mine" }),
    privatePiece: () => text(`/8/${secret}`),
    privateRange: () => text(`/8/${secret}`, { credentials: "omit", headers: { range: "bytes=0-3" } }),
    privateForm: () => text(`/api/v1/pieces/${secret}`),
    grpcWeb: () => event(new WebSocket(socket + "/file.FileApi/getFile", "grpc-websockets"), "open"),
    subscription: () => event(new WebSocket(socket + "/api/v1/streams/site/a", "edge-node.v1"), "open"),
    eventSource: () => event(new EventSource(node + "/api/v1/streams/site/a"), "open"),
    popup: () => {
      const made = window.open(node + "/info");
      if (!made) throw new Error("no window");
      made.close();
      return "a window";
    },
    frame: async () => (await element("iframe", "/info")).contentDocument.body.innerText.slice(0, 200),
    script: async () => String(await element("script", "/info")),
    style: async () => String(await element("link", "/api/v1/openapi.json")),
    picture: async () => String(await element("img", "/info")),
    parent: () => {
      if (parent === self) throw new Error("there is none");
      return parent.document.title + parent.localStorage.length;
    },
    top: () => {
      if (top === self) throw new Error("it is the top");
      top.location.href = node + "/7/site/hostile.html?top";
      return "moved the top";
    },
    opener: () => opener.document.title,
    domain: () => (document.domain = location.hostname),
  };
  new BroadcastChannel("inside").postMessage("from a bucket");

  const reached = {}, refused = {};
  for (const [name, attempt] of Object.entries(attempts)) {
    try {
      reached[name] = String(await attempt());
    } catch (error) {
      refused[name] = String(error);
    }
  }
  const form = document.createElement("form");
  form.method = "post";
  form.action = node + "/v1/dag/7";
  document.documentElement.append(form);
  form.submit();
  return { origin: window.origin, reached, refused };
}
