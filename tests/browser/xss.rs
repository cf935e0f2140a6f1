//! Texts that try to run a script, from staff and from a visitor: in console and widget they stay text. More of them, in every
//! field: `benches/xss.py`.

use std::time::Duration;

use fantoccini::Client;
use fantoccini::error::CmdError;
use serde_json::{Value, json};

use crate::LOADING;
use crate::site::Site;
use crate::voice::{run, until};
use crate::widget::{Prepared, QUESTION, finished, page, prepared, visit, write};

/// Long enough for handlers of what was just put into a page.
const SETTLING: Duration = Duration::from_millis(500);

/// `CALL` stands for a script; elements that a text makes have the attribute `fdx`.
const TEXTS: [&str; 40] = [
    "<script>CALL</script>",
    "</title><script>CALL</script>",
    "</textarea><script>CALL</script>",
    "--><script>CALL</script>",
    "<img src=x fdx onerror=CALL>",
    "<svg fdx onload=CALL>",
    "<details open fdx ontoggle=CALL>",
    "<input autofocus fdx onfocus=CALL>",
    "<video fdx><source onerror=CALL>",
    "<iframe fdx srcdoc=\"<script>parent.CALL</script>\">",
    "<iframe fdx src=javascript:parent.CALL>",
    "<object fdx data=javascript:CALL>",
    "<base fdx href=javascript:CALL//>",
    "<meta fdx http-equiv=refresh content=\"0;url=javascript:CALL\">",
    "\"><img src=x fdx onerror=CALL>",
    "'><img src=x fdx onerror=CALL>",
    "\" autofocus onfocus=CALL fdx x=\"",
    "' autofocus onfocus=CALL fdx x='",
    "\\\" autofocus onfocus=CALL fdx x=\\\"",
    "<svg><script fdx>CALL</script></svg>",
    "<svg><animate fdx onbegin=CALL attributeName=x dur=1s>",
    "<svg><style><img fdx src=x onerror=CALL></style></svg>",
    "<math><mtext><table><mglyph><style><img fdx src=x onerror=CALL>",
    "<noscript><p title=\"</noscript><img fdx src=x onerror=CALL>\">",
    "<form><math><mtext></form><form><mglyph><style></math><img fdx src=x onerror=CALL>",
    "<template shadowrootmode=open><img fdx src=x onerror=CALL></template>",
    "javascript:CALL",
    "java\tscript:CALL",
    "data:text/html,<script>CALL</script>",
    "[go](javascript:CALL)",
    "![x](x\"onerror=\"CALL)",
    "**<img fdx src=x onerror=CALL>**",
    "https://x.example/\" onmouseover=CALL fdx x=\"",
    "<a fdx href=\"&#106;avascript:CALL\">go</a>",
    "&lt;img fdx src=x onerror=CALL&gt;",
    "\\u003cimg fdx src=x onerror=CALL\\u003e",
    "\u{202e}<img fdx src=x onerror=CALL>",
    "<im\u{0}g fdx src=x onerror=CALL>",
    "';CALL;//",
    "{{CALL}}${CALL}",
];

/// What is posted for the text of a number.
type Body = fn(usize, &str) -> Value;

fn texts() -> Vec<String> {
    // Short, as names are.
    let call = "ran=1";
    TEXTS.map(|text| text.replace("CALL", call)).to_vec()
}

/// Posts each of these, as whom the page is, and says which statuses came back that are no success.
async fn post(
    browser: &Client,
    address: &str,
    token: &Value,
    bodies: Vec<Value>,
) -> Result<Value, CmdError> {
    let script = "const [address, token, bodies, done] = arguments; (async () => { \
        const headers = { 'content-type': 'application/json', ...token && { authorization: `Bearer ${token}` } }; \
        const refused = []; \
        for (const body of bodies) { \
            const answer = await fetch(address, { method: 'POST', headers, body: JSON.stringify(body) }); \
            await answer.text(); \
            if (!answer.ok) refused.push([answer.status, body]); \
        } \
        return refused })().then(done, error => done(String(error)))";
    let arguments = vec![json!(address), token.clone(), json!(bodies)];
    browser.execute_async(script, arguments).await
}

/// What a page became of the texts: a script that ran, elements, handlers, links to scripts; also within the widget.
async fn harm(browser: &Client) -> Result<Value, CmdError> {
    tokio::time::sleep(SETTLING).await;
    let look = "const found = window.ran ? ['ran'] : []; \
        const walk = root => { for (const node of root.querySelectorAll('*')) { \
            const bad = [...node.attributes].some(({ name, value }) => name === 'fdx' || name === 'srcdoc' || name.startsWith('on') \
                || (['href', 'src', 'action', 'formaction', 'data'].includes(name) && /^\\s*(java\\s*script|data:text)/i.test(value))); \
            if (bad) found.push(node.outerHTML.slice(0, 200)); \
            if (node.shadowRoot) walk(node.shadowRoot) } }; \
        walk(document); return found";
    run(browser, look).await
}

#[tokio::test]
async fn browser_texts_run_nothing() {
    let Some((_driver, prepared)) = prepared().await else {
        return;
    };
    let browser = prepared.browser.clone();
    finished(browser, "xss-failure", nothing_runs(prepared)).await;
}

async fn nothing_runs(prepared: Prepared) -> Result<(), CmdError> {
    let (browser, desk) = (&prepared.browser, &prepared.desk.address);
    // What is looked for is seen where a text does become HTML.
    run(
        browser,
        "document.body.append(Object.assign(document.createElement('p'), { innerHTML: '<b fdx>x</b>' }))",
    )
    .await?;
    assert_ne!(harm(browser).await?, json!([]));

    let written: [(&str, Body); 5] = [
        (
            "snippets",
            |at, text| json!({"title": format!("{text} {at}"), "text": text}),
        ),
        (
            "faqs",
            |at, text| json!({"questions": [format!("{text} {at}")], "answer": text, "state": "draft"}),
        ),
        (
            "canned-replies",
            |at, text| json!({"shortcut": format!("x{at}"), "text": text}),
        ),
        (
            "contacts",
            |at, text| json!({"name": text, "emails": [format!("p{at}@x.example")]}),
        ),
        ("keys", |_, text| json!({"name": text, "scopes": ["chat"]})),
    ];
    for (path, body) in written {
        let texts = texts();
        let bodies = texts.iter().enumerate().map(|(at, text)| body(at, text));
        let address = format!("{desk}/api/v1/{path}");
        let refused = post(browser, &address, &Value::Null, bodies.collect()).await?;
        assert_eq!(refused, json!([]), "{path}");
    }

    let site = Site::start(vec![(
        "/",
        page("lang=\"en\"", &prepared.line, ""),
        String::new(),
    )])
    .await;
    visit(browser, &site, "/").await?;
    write(browser, QUESTION).await?;
    let token = "return Object.entries(localStorage).find(([key]) => key.startsWith('frontdesk:'))[1].split(' ')[0]";
    let token = run(browser, token).await?;
    // While a person is awaited, nobody answers what is written.
    let person = format!("{desk}/api/v1/visit/person");
    let asked = post(browser, &person, &token, vec![json!({})]).await?;
    assert_eq!(asked, json!([]));
    let said = texts()
        .iter()
        .map(|text| json!({"text": text, "page": site.address}))
        .collect();
    let address = format!("{desk}/api/v1/visit/messages");
    assert_eq!(post(browser, &address, &token, said).await?, json!([]));
    let all = format!(
        "return widget.shadowRoot.querySelectorAll('.said.me').length > {}",
        TEXTS.len()
    );
    until(browser, "all texts in the widget", &all, LOADING).await?;
    assert_eq!(harm(browser).await?, json!([]), "the widget");

    for path in ["documents", "faq", "desk", "contacts", "keys", "inbox"] {
        browser.goto(&format!("{desk}/{path}")).await?;
        assert_eq!(harm(browser).await?, json!([]), "{path}");
    }
    let open =
        "const row = document.querySelector('.row__name'); row?.click(); return Boolean(row)";
    until(browser, "the conversation in the list", open, LOADING).await?;
    let read = "return document.querySelectorAll('.msg--user .msg__text').length > 30";
    until(browser, "all texts in the inbox", read, LOADING).await?;
    assert_eq!(harm(browser).await?, json!([]), "the inbox");
    Ok(())
}
