//! The widget goes on: over a power cut of the server, in two tabs, in an app that draws its pages itself.

use std::time::Duration;

use fantoccini::Client;
use fantoccini::error::CmdError;
use serde_json::json;

use crate::site::Site;
use crate::voice::{run, until};
use crate::widget::{
    ANSWER, Prepared, QUESTION, finished, page, prepared, shows_the_question_once, visit, write,
};
use crate::{ANSWERING, LOADING};

const SECOND: &str = "How much is a beginner course please?";

/// How often a message of the visitor is shown.
fn times(text: &str) -> String {
    format!(
        "[...widget.shadowRoot.querySelectorAll('.said.me')].filter(said => said.textContent === {}).length",
        json!(text)
    )
}

async fn send(browser: &Client, text: &str) -> Result<(), CmdError> {
    let send = format!(
        "const box = in_shadow('textarea'); box.value = {}; \
         box.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'Enter', bubbles: true, cancelable: true }}))",
        json!(text)
    );
    run(browser, &send).await.map(drop)
}

#[tokio::test]
async fn browser_widget_goes_on_after_a_power_cut() {
    let Some((_driver, prepared)) = prepared().await else {
        return;
    };
    let browser = prepared.browser.clone();
    let test = cut(prepared);
    finished(browser, "widget-cut-failure", test).await;
}

async fn cut(prepared: Prepared) -> Result<(), CmdError> {
    let (browser, desk, line) = (&prepared.browser, &prepared.desk, &prepared.line);
    let site = Site::start(vec![("/", page("lang=\"en\"", line, ""), String::new())]).await;
    visit(browser, &site, "/").await?;
    assert_eq!(write(browser, QUESTION).await?, ANSWER);
    desk.kill().await;
    let told = "return !in_shadow('.lost').hidden";
    until(browser, "that the connection is lost", told, LOADING).await?;
    send(browser, SECOND).await?;
    let waits = "return [...widget.shadowRoot.querySelectorAll('.state')].at(-1).textContent.startsWith('Will be sent')";
    until(browser, "that the message waits", waits, LOADING).await?;
    desk.start_again().await;
    let answered = "const said = [...widget.shadowRoot.querySelectorAll('.said')].at(-1); \
                    return !said.matches('.me, .live, .bad') && in_shadow('.lost').hidden";
    until(browser, "the answer after the cut", answered, ANSWERING).await?;
    for text in [QUESTION, SECOND] {
        let once = format!("return {}", times(text));
        assert_eq!(run(browser, &once).await?, json!(1), "{text}");
    }
    // The server has it once, too.
    browser.refresh().await?;
    let again = format!(
        "return Boolean(widget?.shadowRoot?.querySelector('.log')) && {} === 1",
        times(SECOND)
    );
    until(browser, "the conversation after a reload", &again, LOADING).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    for text in [QUESTION, SECOND] {
        let once = format!("return {}", times(text));
        assert_eq!(
            run(browser, &once).await?,
            json!(1),
            "{text}, after a reload"
        );
    }
    Ok(())
}

#[tokio::test]
async fn browser_widget_keeps_two_tabs_in_step() {
    let Some((_driver, prepared)) = prepared().await else {
        return;
    };
    let browser = prepared.browser.clone();
    let test = in_step(prepared);
    finished(browser, "widget-tabs-failure", test).await;
}

async fn in_step(prepared: Prepared) -> Result<(), CmdError> {
    let (browser, line) = (&prepared.browser, &prepared.line);
    let site = Site::start(vec![("/", page("lang=\"en\"", line, ""), String::new())]).await;
    visit(browser, &site, "/").await?;
    assert_eq!(write(browser, QUESTION).await?, ANSWER);
    let first = browser.window().await?;
    let second = browser.new_window(true).await?.handle;
    browser.switch_to_window(second.clone()).await?;
    visit(browser, &site, "/").await?;
    shows_the_question_once(browser, "in the second tab").await?;
    send(browser, SECOND).await?;
    let there = format!("return {} === 1", times(SECOND));
    until(browser, "the message in its own tab", &there, LOADING).await?;
    browser.switch_to_window(first.clone()).await?;
    until(browser, "the message in the other tab", &there, LOADING).await?;
    let answered =
        "return ![...widget.shadowRoot.querySelectorAll('.said')].at(-1).matches('.live, .me')";
    until(browser, "the answer in the other tab", answered, ANSWERING).await?;
    let once = format!("return {}", times(SECOND));
    assert_eq!(run(browser, &once).await?, json!(1));
    // What is deleted in one tab is gone in the other, and the browser keeps nothing of it.
    let menu = "in_shadow('header button:nth-of-type(2)').click()";
    run(browser, menu).await?;
    let delete = "const found = [...widget.shadowRoot.querySelectorAll('.menu button')] \
                  .find(one => one.textContent === 'Delete the conversation'); found?.click(); return Boolean(found)";
    until(browser, "the menu", delete, LOADING).await?;
    let sure = "const found = in_shadow('.sheet button'); found?.click(); return Boolean(found)";
    until(browser, "the question whether to delete", sure, LOADING).await?;
    until(
        browser,
        "that it is closed",
        "return in_shadow('.panel').hidden",
        LOADING,
    )
    .await?;
    let kept = run(browser, "return Object.keys(localStorage)").await?;
    assert_eq!(kept, json!([]));
    browser.switch_to_window(second).await?;
    let gone = "return !in_shadow('.said.me')";
    until(browser, "that it is gone in the other tab", gone, LOADING).await
}

/// An app in the manner of React: it draws everything in its root anew, and changes the address itself.
const APP: &str = "<div id=\"root\"></div><script> \
    const draw = () => { const root = document.getElementById('root'); root.replaceChildren(); \
      const title = document.createElement('h2'); title.textContent = location.pathname; root.append(title); \
      document.title = location.pathname }; \
    window.go = path => { history.pushState({}, '', path); draw() }; \
    window.addEventListener('popstate', draw); draw()</script>";

#[tokio::test]
async fn browser_widget_lives_in_an_app_that_navigates() {
    let Some((_driver, prepared)) = prepared().await else {
        return;
    };
    let browser = prepared.browser.clone();
    let test = navigated(prepared);
    finished(browser, "widget-app-failure", test).await;
}

async fn navigated(prepared: Prepared) -> Result<(), CmdError> {
    let (browser, line) = (&prepared.browser, &prepared.line);
    let app = page("lang=\"en\"", line, APP);
    let site = Site::start(vec![("/shop", app, String::new())]).await;
    visit(browser, &site, "/shop").await?;
    run(
        browser,
        "window.first = widget; window.heard = []; \
                  Frontdesk.on('message', ({ role }) => heard.push(role)); Frontdesk.open()",
    )
    .await?;
    assert_eq!(write(browser, QUESTION).await?, ANSWER);
    run(
        browser,
        "in_shadow('textarea').value = 'half a'; go('/shop/a'); go('/shop/b'); history.back()",
    )
    .await?;
    let same = "return location.pathname === '/shop/a' && window.first === widget && !in_shadow('.panel').hidden \
                && in_shadow('textarea').value === 'half a'";
    until(browser, "the same widget on another page", same, LOADING).await?;
    shows_the_question_once(browser, "in the app").await?;
    assert_eq!(
        run(browser, "return heard").await?,
        json!(["user", "assistant"])
    );
    // A page that is really another one.
    visit(browser, &site, "/shop").await?;
    let open = "return Boolean(in_shadow('.panel')) && !in_shadow('.panel').hidden";
    until(browser, "that it is still open", open, LOADING).await?;
    shows_the_question_once(browser, "after a reload").await?;
    let closed = "Frontdesk.close(); return in_shadow('.panel').hidden";
    assert_eq!(run(browser, closed).await?, json!(true));
    Ok(())
}
