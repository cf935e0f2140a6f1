// The official OpenAI client for Node, its Realtime part, against a running Frontdesk.
//
//   node realtime.mjs BASE_URL KEY [RECORDING.wav WORD ...]
//
// Prints one line per check and ends with status 1 if any failed. The recording holds 16-bit samples of
// one channel.

import { readFileSync } from "node:fs";
import net from "node:net";
import OpenAI from "openai";
import { OpenAIRealtimeWS } from "openai/realtime/ws";

const [root, key, recording, ...words] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${root.replace(/\/$/, "")}/v1`, apiKey: key, maxRetries: 0 });

// This client always asks for wss. Where a proxy would end the encryption there is none here.
const { hostname, port } = new URL(root);
const options = /^http:/.test(root) ? { createConnection: () => net.connect(Number(port || 80), hostname) } : {};

// A session; `until(type)` resolves with the events up to one of this type.
async function connect(as = client) {
  const session = new OpenAIRealtimeWS({ model: "gpt-realtime", options }, as);
  const seen = [];
  let wake = () => {};
  session.on("event", (event) => {
    seen.push(event);
    wake();
  });
  let broken = null;
  session.on("error", (error) => {
    // Errors that the server tells come as events as well.
    if (!error.error) broken = error;
    wake();
  });
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
      if (broken) throw broken;
      await new Promise((resolve) => {
        wake = resolve;
        setTimeout(resolve, 1000);
      });
    }
    throw new Error(`no ${type}`);
  };
  const [first] = await until("session.created");
  return { session, until, first };
}

const say = (text) => ({
  type: "conversation.item.create",
  item: { type: "message", role: "user", content: [{ type: "input_text", text }] },
});

const setUp = async (session, until, settings) => {
  session.send({ type: "session.update", session: { type: "realtime", ...settings } });
  return (await until("session.updated")).at(-1).session;
};

// The recording at 24 kHz with silence behind it, in pieces of 100 ms as base64.
function speech() {
  const file = readFileSync(recording);
  const rate = file.readUInt32LE(24);
  const data = file.subarray(file.indexOf("data") + 8);
  const count = Math.floor(((data.length / 2) * 24000) / rate);
  const sound = Buffer.alloc(count * 2 + 2 * 24 * 900);
  for (let n = 0; n < count; n += 1) {
    sound.writeInt16LE(data.readInt16LE(2 * Math.floor((n * rate) / 24000)), 2 * n);
  }
  const pieces = [];
  for (let at = 0; at < sound.length; at += 4800) {
    pieces.push(sound.subarray(at, at + 4800).toString("base64"));
  }
  return pieces;
}

const hear = (session) => {
  for (const audio of speech()) session.send({ type: "input_audio_buffer.append", audio });
};

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
  async "a function is called and its result is used"() {
    const { session, until } = await connect();
    // Of a free string the small test model would not always find the end.
    const day = { type: "string", enum: ["Monday", "Tuesday", "Sunday"] };
    const parameters = { type: "object", properties: { day }, required: ["day"], additionalProperties: false };
    const tools = [{ type: "function", name: "opening_hours", description: "Opening hours of a day", parameters }];
    await setUp(session, until, { output_modalities: ["text"], tools, tool_choice: "required" });
    session.send(say("When are you open on Monday?"));
    session.send({ type: "response.create" });
    const events = await until("response.done");
    const call = events.find((e) => e.type === "response.function_call_arguments.done");
    if (call?.name !== "opening_hours") throw new Error(events.map((e) => e.type).join(" "));
    JSON.parse(call.arguments);
    const item = { type: "function_call_output", call_id: call.call_id, output: "9 to 5" };
    session.send({ type: "conversation.item.create", item });
    session.send({ type: "response.create", response: { tool_choice: "none", max_output_tokens: 40 } });
    const { response } = (await until("response.done")).at(-1);
    if (response.output[0]?.type !== "message") throw new Error(JSON.stringify(response));
    session.close();
  },
  async "an error leaves the session open"() {
    const { session, until } = await connect();
    session.send({ type: "conversation.item.delete", item_id: "nothing", event_id: "mine" });
    const told = await until("session.updated").catch((error) => error.message);
    if (!String(told).includes("mine")) throw new Error(String(told));
    await setUp(session, until, { instructions: "Be brief." });
    session.close();
  },
  async "a client secret opens a session"() {
    const secret = await client.realtime.clientSecrets.create({
      session: { type: "realtime", model: "gpt-realtime", instructions: "Be brief." },
    });
    if (!secret.value.startsWith("ek_")) throw new Error(secret.value);
    const browser = new OpenAI({ baseURL: client.baseURL, apiKey: secret.value, maxRetries: 0 });
    const { session, first } = await connect(browser);
    if (first.session.instructions !== "Be brief.") throw new Error(JSON.stringify(first));
    session.close();
  },
};

const spoken = {
  async "a recording is transcribed"() {
    const { session, until } = await connect();
    session.send({ type: "session.update", session: { type: "transcription" } });
    await until("session.updated");
    hear(session);
    const { transcript } = (await until("conversation.item.input_audio_transcription.completed")).at(-1);
    if (!words.every((word) => transcript.toLowerCase().includes(word))) throw new Error(transcript);
    session.close();
  },
  async "a spoken turn is answered and truncated"() {
    const { session, until } = await connect();
    await setUp(session, until, { max_output_tokens: 30 });
    hear(session);
    const events = await until("response.done");
    const kinds = events.map((event) => event.type);
    const order = [
      "input_audio_buffer.speech_started",
      "input_audio_buffer.speech_stopped",
      "input_audio_buffer.committed",
      "response.created",
      "response.output_audio.delta",
      "response.output_audio.done",
    ].map((kind) => kinds.indexOf(kind));
    if (order.some((at, n) => at < 0 || (n > 0 && at < order[n - 1]))) throw new Error(kinds.join(" "));
    const sound = events.filter((e) => e.type === "response.output_audio.delta");
    const bytes = sound.reduce((sum, e) => sum + Buffer.from(e.delta, "base64").length, 0);
    if (bytes < 4800) throw new Error(`${bytes} bytes of sound`);
    const item_id = events.at(-1).response.output[0].id;
    session.send({ type: "conversation.item.truncate", item_id, content_index: 0, audio_end_ms: 50 });
    const { audio_end_ms } = (await until("conversation.item.truncated")).at(-1);
    if (audio_end_ms !== 50) throw new Error(`${audio_end_ms}`);
    session.close();
  },
};
if (recording) Object.assign(checks, spoken);

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
