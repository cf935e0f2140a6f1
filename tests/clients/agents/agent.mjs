// An agent that runs tools in a loop, with OpenAI's client for Node: by responses, and by its own runner of tools.
//
//   node agent.mjs BASE_URL KEY
//
// The first answer is made to call a tool, so that a small model does not decide whether the loop is tried.
import OpenAI from "openai";

const [root, key] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${root}/v1`, apiKey: key, maxRetries: 0, timeout: 300_000 });

const HOURS = { Monday: "8:00 to 17:00", Tuesday: "closed" };
const tool = {
  type: "function",
  name: "opening_hours",
  description: "Tells when the shop is open on a day of the week.",
  parameters: {
    type: "object",
    properties: { day: { type: "string", enum: Object.keys(HOURS) } },
    required: ["day"],
    additionalProperties: false,
  },
  strict: true,
};
const QUESTION = "When is the shop open on Monday? Use the tool, then answer in one sentence.";
const MOST_TURNS = 4;

function runTool(json) {
  return HOURS[JSON.parse(json).day];
}

async function byResponses() {
  let input = QUESTION, previous, called = 0;
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const stream = await client.responses.create({
      model: "default", input, previous_response_id: previous, tools: [tool], temperature: 0, max_output_tokens: 64,
      tool_choice: turn === 0 ? "required" : "auto", truncation: "auto", stream: true,
    });
    let response, expected = 0;
    for await (const event of stream) {
      if (event.sequence_number !== expected++) throw new Error(`event ${event.sequence_number} came as ${expected - 1}`);
      if (["response.completed", "response.incomplete", "response.failed"].includes(event.type)) response = event.response;
    }
    const calls = response.output.filter((item) => item.type === "function_call");
    if (calls.length === 0) return [called, response.output.flatMap((item) => item.content).map((part) => part.text).join("")];
    called += calls.length;
    input = calls.map((call) => ({ type: "function_call_output", call_id: call.call_id, output: runTool(call.arguments) }));
    previous = response.id;
  }
  return [called, "(no end)"];
}

async function byChat() {
  const messages = [{ role: "user", content: QUESTION }];
  const { name, description, parameters } = tool;
  let called = 0;
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const answer = await client.chat.completions.create({
      model: "default", messages, tools: [{ type: "function", function: { name, description, parameters } }],
      tool_choice: turn === 0 ? "required" : "auto", temperature: 0, max_tokens: 64,
    });
    const { message } = answer.choices[0];
    if (!message.tool_calls?.length) return [called, message.content];
    messages.push(message);
    for (const call of message.tool_calls) {
      called++;
      messages.push({ role: "tool", tool_call_id: call.id, content: runTool(call.function.arguments) });
    }
  }
  return [called, "(no end)"];
}

let failed = false;
for (const loop of [byResponses, byChat]) {
  const [called, said] = await loop();
  failed ||= called === 0;
  console.log(`${called > 0 ? "ok  " : "FAIL"} ${loop.name}: ${called} calls, then: ${said}`);
}
process.exit(failed ? 1 : 0);
