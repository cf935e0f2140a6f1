// The official OpenAI client for Node, its Realtime part, against a running Frontdesk.
//
//   node realtime.mjs BASE_URL KEY
//
// Prints one line per check and ends with status 1 if any failed.

import OpenAI from "openai";
import { OpenAIRealtimeWS } from "openai/realtime/ws";

const [root, key] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${root.replace(/\/$/, "")}/v1`, apiKey: key, maxRetries: 0 });

// A session; `until(type)` resolves with the events up to one of this type.
async function connect() {
  const session = new OpenAIRealtimeWS({ model: "gpt-realtime" }, client);
  const seen = [];
  let wake = () => {};
  session.on("event", (event) => {
    seen.push(event);
    wake();
  });
  session.on("error", () => {});
  const until = async (type) => {
    const events = [];
    const patience = Date.now() + 120_000;
    while (Date.now() < patience) {
      while (seen.length > 0) {
        const event = seen.shift();
        events.push(event);
        if (event.type === type) return events;
        if (event.type === "error") throw new Error(JSON.stringify(event.error));
      }
      await new Promise((resolve) => {
        wake = resolve;
        setTimeout(resolve, 1000);
      });
    }
    throw new Error(`no ${type}`);
  };
  await until("session.created");
  return { session, until };
}

const say = (text) => ({
  type: "conversation.item.create",
  item: { type: "message", role: "user", content: [{ type: "input_text", text }] },
});

const checks = {
  async "a written session answers"() {
    const { session, until } = await connect();
    session.send({ type: "session.update", session: { type: "realtime", output_modalities: ["text"], max_output_tokens: 40 } });
    await until("session.updated");
    session.send(say("Say hello."));
    session.send({ type: "response.create" });
    const events = await until("response.done");
    const text = events.filter((e) => e.type === "response.output_text.delta").map((e) => e.delta).join("");
    const { response } = events.at(-1);
    if (!text || response.output[0].content[0].text !== text) throw new Error(JSON.stringify(response));
    session.close();
  },
  async "a response is cancelled"() {
    const { session, until } = await connect();
    session.send({ type: "session.update", session: { type: "realtime", output_modalities: ["text"] } });
    await until("session.updated");
    session.send(say("Count from one to one hundred in words."));
    session.send({ type: "response.create" });
    await until("response.output_text.delta");
    session.send({ type: "response.cancel" });
    const { response } = (await until("response.done")).at(-1);
    if (response.status !== "cancelled") throw new Error(response.status);
    session.close();
  },
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok      realtime from Node: ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  realtime from Node: ${name}: ${error.message}`);
  }
}
process.exit(failed > 0 ? 1 : 0);
