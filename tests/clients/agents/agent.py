"""An agent that runs tools in a loop, with OpenAI's client: by responses, by chat completions, and Anthropic's by messages.

    python agent.py BASE_URL KEY [--anthropic]

The first answer of each loop is made to call a tool, so that a small model does not decide whether the loop is tried.
"""

import argparse
import json
import sys

HOURS = {"Monday": "8:00 to 17:00", "Tuesday": "closed"}
NAME, ABOUT = "opening_hours", "Tells when the shop is open on a day of the week."
SCHEMA = {
    "type": "object",
    "properties": {"day": {"type": "string", "enum": list(HOURS)}},
    "required": ["day"],
    "additionalProperties": False,
}
QUESTION = "When is the shop open on Monday? Use the tool, then answer in one sentence."
MOST_TURNS = 4


def run_tool(arguments):
    return HOURS[json.loads(arguments)["day"]]


def by_responses(client):
    tool = {"type": "function", "name": NAME, "description": ABOUT, "parameters": SCHEMA, "strict": True}
    given, previous, called = QUESTION, None, 0
    for turn in range(MOST_TURNS):
        choice = "required" if turn == 0 else "auto"
        response = client.responses.create(
            model="default", input=given, previous_response_id=previous, tools=[tool], tool_choice=choice, max_output_tokens=64,
            parallel_tool_calls=False, temperature=0, truncation="auto",
        )
        calls = [item for item in response.output if item.type == "function_call"]
        if not calls:
            return called, response.output_text
        called += len(calls)
        given = [{"type": "function_call_output", "call_id": c.call_id, "output": run_tool(c.arguments)} for c in calls]
        previous = response.id
    return called, "(no end)"


def by_stream(client):
    tool = {"type": "function", "name": NAME, "description": ABOUT, "parameters": SCHEMA, "strict": True}
    with client.responses.stream(
        model="default", input=QUESTION, tools=[tool], tool_choice="required", max_output_tokens=64, temperature=0
    ) as events:
        numbers = [event.sequence_number for event in events]
        response = events.get_final_response()
    assert numbers == list(range(len(numbers))), numbers
    calls = [item for item in response.output if item.type == "function_call"]
    run_tool(calls[0].arguments)
    return len(calls), f"{len(numbers)} events"


def by_chat(client):
    tool = {"type": "function", "function": {"name": NAME, "description": ABOUT, "parameters": SCHEMA}}
    messages, called = [{"role": "user", "content": QUESTION}], 0
    for turn in range(MOST_TURNS):
        choice = "required" if turn == 0 else "auto"
        answer = client.chat.completions.create(
            model="default", messages=messages, tools=[tool], tool_choice=choice, max_tokens=64, temperature=0
        ).choices[0].message
        if not answer.tool_calls:
            return called, answer.content
        messages.append(answer.model_dump(exclude_none=True))
        for call in answer.tool_calls:
            called += 1
            messages.append({"role": "tool", "tool_call_id": call.id, "content": run_tool(call.function.arguments)})
    return called, "(no end)"


def by_messages(client):
    tool = {"name": NAME, "description": ABOUT, "input_schema": SCHEMA}
    messages, called = [{"role": "user", "content": QUESTION}], 0
    for turn in range(MOST_TURNS):
        choice = {"type": "any"} if turn == 0 else {"type": "auto"}
        with client.messages.stream(
            model="default", max_tokens=64, messages=messages, tools=[tool], tool_choice=choice, temperature=0
        ) as events:
            for _ in events:
                pass
            answer = events.get_final_message()
        if answer.stop_reason != "tool_use":
            return called, "".join(block.text for block in answer.content if block.type == "text")
        messages.append({"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in answer.content]})
        results = []
        for block in (block for block in answer.content if block.type == "tool_use"):
            called += 1
            output = run_tool(json.dumps(block.input))
            results.append({"type": "tool_result", "tool_use_id": block.id, "content": output})
        messages.append({"role": "user", "content": results})
    return called, "(no end)"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("base_url")
    parser.add_argument("key")
    parser.add_argument("--anthropic", action="store_true", help="Anthropic's client too")
    arguments = parser.parse_args()
    root = arguments.base_url.rstrip("/")
    import openai

    client = openai.OpenAI(base_url=root + "/v1", api_key=arguments.key, max_retries=0, timeout=300)
    loops = [(loop, client) for loop in (by_responses, by_stream, by_chat)]
    if arguments.anthropic:
        import anthropic

        theirs = anthropic.Anthropic(base_url=root, api_key=arguments.key, max_retries=0, timeout=300)
        loops.append((by_messages, theirs))
    failed = 0
    for loop, client in loops:
        called, said = loop(client)
        is_good = called > 0
        failed += not is_good
        print(f"{'ok  ' if is_good else 'FAIL'} {loop.__name__}: {called} calls, then: {said}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
