//! A conversation between two browsers: a visitor on a shop's page asks for a person, who takes over in the inbox, answers,
//! gives back and closes.

use std::sync::Arc;

use fantoccini::Client;
use fantoccini::error::CmdError;
use serde_json::json;

use crate::desk::Desk;
use crate::driver::Driver;
use crate::site::Site;
use crate::voice::{run, until};
use crate::{ANSWERING, LOADING, find, open_to_visitors, set_up, shoot};

const QUESTION: &str = "How much is a beginner course?";
const ANSWER: &str = "A beginner course costs 149 euros.";
const REPLY: &str = "Hello, this is Ines. The next course begins on Monday.";
/// Runs nothing, in neither browser.
const THANKS: &str = "Thank you! <img src=x onerror=\"document.title='run'\">";

#[tokio::test]
async fn browser_visitor_is_taken_over_answered_returned_and_closed() {
    let Some(driver) = Driver::start().await else {
        println!("skipped: this test needs /usr/bin/chromium and /usr/bin/chromedriver");
        return;
    };
    let desk = Arc::new(Desk::start().await);
    let profile = tempfile::tempdir().unwrap();
    let agent = driver.browser().await;
    let own_profile = format!("--user-data-dir={}", profile.path().display());
    let visitor = driver.browser_with(&[&own_profile]).await;
    let outcome = tokio::spawn(converse(agent.clone(), visitor.clone(), desk)).await;
    if !matches!(outcome, Ok(Ok(()))) {
        shoot(&agent, "inbox-failure-agent").await.ok();
        shoot(&visitor, "inbox-failure-visitor").await.ok();
    }
    visitor.close().await.ok();
    agent.close().await.ok();
    outcome.unwrap().unwrap();
}

async fn converse(agent: Client, visitor: Client, desk: Arc<Desk>) -> Result<(), CmdError> {
    let (agent, visitor) = (&agent, &visitor);
    set_up(agent, &desk).await?;
    let approve = "const done = arguments[2]; fetch('/api/v1/faqs', { method: 'POST', \
        headers: { 'content-type': 'application/json' }, \
        body: JSON.stringify({ questions: [arguments[0]], answer: arguments[1], state: 'approved' }) }) \
        .then(r => done(r.status), e => done(String(e)))";
    let pair = vec![json!(QUESTION), json!(ANSWER)];
    assert_eq!(agent.execute_async(approve, pair).await?, json!(201));
    let line = open_to_visitors(agent, &desk).await?;
    let shop = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Shop</title>{line}</head>\
         <body><h1>Shop</h1></body></html>"
    );
    let site = Site::start(vec![("/", shop, String::new())]).await;
    agent.goto(&format!("{}/inbox", desk.address)).await?;
    find(agent, "fd-inbox[data-live] .inbox__empty").await?;

    visitor.goto(&site.address).await?;
    let there = "return document.querySelectorAll('frontdesk-widget').length === 1";
    until(visitor, "the widget", there, LOADING).await?;
    run(visitor, "widget.open()").await?;
    until(
        visitor,
        "the box to write in",
        "return Boolean(in_shadow('textarea'))",
        LOADING,
    )
    .await?;
    write(visitor, QUESTION).await?;
    says(visitor, "", ANSWER).await?;
    // The conversation is in the inbox without a reload.
    find(agent, ".row__name").await?;
    let ask = "[...widget.shadowRoot.querySelectorAll('header button')].find(button => /person/i.test(button.ariaLabel)).click()";
    run(visitor, ask).await?;
    find(agent, ".row .sla").await?;
    let counted = "return document.querySelector('[data-waiting] [data-number]')?.textContent === '1' \
                   && document.title.startsWith('(1) ')";
    until(agent, "that one waits", counted, LOADING).await?;

    press(agent, ".row__name").await?;
    press(agent, "[data-act=take]").await?;
    find(agent, "[data-act=giveBack]").await?;
    reply(agent, REPLY).await?;
    says(visitor, "staff", REPLY).await?;
    write(visitor, THANKS).await?;
    let heard = format!(
        "return [...document.querySelectorAll('.msg--user .msg__text')].at(-1)?.textContent === {}",
        json!(THANKS)
    );
    until(agent, "the visitor's thanks", &heard, LOADING).await?;
    let inert =
        "return !document.querySelector('fd-inbox .msg img') && document.title.includes('Inbox')";
    assert_eq!(run(agent, inert).await?, json!(true));
    shoot(agent, "inbox").await?;

    // While a person has it, the assistant is silent; given back, it answers again.
    press(agent, "[data-act=giveBack]").await?;
    find(agent, "[data-act=take]").await?;
    write(visitor, QUESTION).await?;
    let twice = format!(
        "return [...widget.shadowRoot.querySelectorAll('.said')].filter(said => said.textContent.startsWith({})).length === 2",
        json!(ANSWER)
    );
    until(visitor, "the assistant again", &twice, ANSWERING).await?;

    press(agent, ".talk__acts > [data-act=close]").await?;
    find(agent, "[data-act=reopen]").await?;
    let gone = "return !document.querySelector('.row')";
    until(agent, "the list without it", gone, LOADING).await?;
    press(agent, "[data-view=closed]").await?;
    find(agent, ".row__name").await?;
    Ok(())
}

/// Writes in the widget.
async fn write(visitor: &Client, text: &str) -> Result<(), CmdError> {
    let send = format!(
        "const box = in_shadow('textarea'); box.value = {}; \
         box.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'Enter', bubbles: true, cancelable: true }}))",
        json!(text)
    );
    run(visitor, &send).await.map(drop)
}

/// Waits until the widget shows this, said by the assistant or by staff.
async fn says(visitor: &Client, class: &str, text: &str) -> Result<(), CmdError> {
    let said = if class.is_empty() {
        String::new()
    } else {
        format!(".{class}")
    };
    let shown = format!(
        "return [...widget.shadowRoot.querySelectorAll('.said{said}')].some(said => said.textContent.startsWith({}))",
        json!(text)
    );
    until(visitor, text, &shown, ANSWERING).await
}

/// Writes in the inbox.
async fn reply(agent: &Client, text: &str) -> Result<(), CmdError> {
    find(agent, ".reply__box")
        .await?
        .send_keys(&format!("{text}\u{e007}"))
        .await?;
    let sent = "return !document.querySelector('.msg--waiting') && Boolean(document.querySelector('.msg--agent'))";
    until(agent, "the reply to be stored", sent, LOADING).await
}

/// Clicks what matches, as soon as it is there: the list may be redrawn at any moment.
async fn press(browser: &Client, css: &str) -> Result<(), CmdError> {
    let click = format!(
        "const found = document.querySelector({}); found?.click(); return Boolean(found)",
        json!(css)
    );
    until(browser, css, &click, LOADING).await
}
