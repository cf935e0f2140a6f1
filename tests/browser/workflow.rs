//! A workflow from the owner's form to the list of its runs: made of a template, changed, published, walked by a visitor with the
//! widget's buttons, an answer corrected, confirmed.

use fantoccini::Client;
use fantoccini::error::CmdError;
use serde_json::json;

use crate::site::Site;
use crate::voice::{run, until};
use crate::widget::{Prepared, finished, page, prepared, start_anew, visit, write};
use crate::{ANSWERING, LOADING, find, shoot, text};

const FORM: &str = "form[action='/workflows/order/form']";
/// Begins the workflow only with the owner's own words.
const BEGINS: &str = "I need a bicycle";
const FIRST: &str = "What would you like to order?";
/// The option that the owner adds.
const OPTION: &str = "by courier";

#[tokio::test]
async fn browser_workflow_is_made_published_walked_and_listed() {
    let Some((_driver, prepared)) = prepared().await else {
        return;
    };
    let browser = prepared.browser.clone();
    let test = walked(prepared);
    finished(browser, "workflow-failure", test).await;
}

async fn walked(prepared: Prepared) -> Result<(), CmdError> {
    let (browser, home) = (&prepared.browser, &prepared.desk.address);
    let shop = page("lang=\"en\"", &prepared.line, "");
    let site = Site::start(vec![("/", shop, String::new())]).await;

    browser.goto(&format!("{home}/workflows")).await?;
    click(browser, "form[action='/workflows/order/add'] button").await?;
    fill(browser, "title.en", "Order a bicycle").await?;
    fill(browser, "begin.en", "need a bicycle").await?;
    fill(browser, "s2.ask.en", "How do you get it?").await?;
    click(browser, &format!("{FORM} button[value='option.2']")).await?;
    fill(browser, "s2.o2.say.en", OPTION).await?;
    tick_and_save(browser).await?;
    says_below_the_title(browser, "order, version 2, off").await?;
    assert_eq!(text(browser, "h1").await?, "Order a bicycle");

    // Before it is published, nobody gets into it.
    visit(browser, &site, "/").await?;
    assert_ne!(write(browser, BEGINS).await?, FIRST);
    browser.goto(&format!("{home}/workflows/order")).await?;
    tick_and_save(browser).await?;
    says_below_the_title(browser, "order, version 2").await?;

    visit(browser, &site, "/").await?;
    start_anew(browser).await?;
    assert_eq!(write(browser, BEGINS).await?, FIRST);
    write(browser, "A red city bicycle").await?;
    assert_eq!(write(browser, "2").await?, "How do you get it?");
    let offered =
        "return [...widget.shadowRoot.querySelectorAll('button.ask')].map(one => one.textContent)";
    assert_eq!(
        run(browser, offered).await?,
        json!(["collect", "deliver", OPTION])
    );
    let where_to = choose(browser, OPTION).await?;
    assert_eq!(where_to, "Where shall we deliver it?");
    assert_eq!(run(browser, offered).await?, json!([]));
    write(browser, "Marlow Street 5").await?;
    let summary = write(browser, "My name is Anna Weber, +49 30 12345678").await?;
    assert!(summary.starts_with("2 × A red city bicycle"), "{summary}");
    let summary = write(browser, "no, I meant 3 pieces").await?;
    assert!(summary.starts_with("3 × A red city bicycle"), "{summary}");
    assert_eq!(run(browser, offered).await?, json!(["Yes", "No"]));
    shoot(browser, "workflow").await?;
    let done = choose(browser, "Yes").await?;
    assert_eq!(done, "Thank you. The team will confirm your order.");
    // It is written with the lead.
    let noted = "return Boolean(in_shadow('.said.note'))";
    until(browser, "the note that it is done", noted, ANSWERING).await?;

    let runs = format!("{home}/workflows/order/runs");
    browser.goto(&runs).await?;
    find(browser, "tbody .badge[data-state=done]").await?;
    let rows = "return document.querySelectorAll('tbody tr').length";
    let count = browser.execute(rows, vec![]).await?;
    assert_eq!(count, json!(1), "runs");
    let row = text(browser, "tbody tr").await?;
    assert!(row.contains("1 done"), "{row}");
    shoot(browser, "workflow-runs").await?;
    click(browser, "tbody a[href^='/inbox/']").await?;
    let said = "return [...document.querySelectorAll('.msg__text')].some(one => one.textContent.startsWith('3 × A red'))";
    until(browser, "the conversation of the run", said, LOADING).await
}

/// Turns "Visitors can begin it" over, and saves.
async fn tick_and_save(browser: &Client) -> Result<(), CmdError> {
    click(browser, &format!("{FORM} input[name=active]")).await?;
    click(browser, &format!("{FORM} button[value=save]")).await
}

async fn says_below_the_title(browser: &Client, words: &str) -> Result<(), CmdError> {
    let says = format!(
        "return document.querySelector('.page-head__text .muted')?.textContent === {}",
        json!(words)
    );
    until(browser, words, &says, LOADING).await
}

/// Writes over a field of the form, also one that is folded.
async fn fill(browser: &Client, name: &str, value: &str) -> Result<(), CmdError> {
    let field = format!("{FORM} [name='{name}']");
    find(browser, &field).await?;
    let write = "document.querySelector(arguments[0]).value = arguments[1]";
    let into = vec![json!(field), json!(value)];
    browser.execute(write, into).await.map(drop)
}

/// Clicks what the page's header may lie over.
async fn click(browser: &Client, css: &str) -> Result<(), CmdError> {
    find(browser, css).await?;
    let click = "document.querySelector(arguments[0]).click()";
    browser.execute(click, vec![json!(css)]).await.map(drop)
}

/// Presses a button that the widget offers as an answer; what the assistant says to it.
async fn choose(browser: &Client, option: &str) -> Result<String, CmdError> {
    let press = format!(
        "const found = [...widget.shadowRoot.querySelectorAll('button.ask')].find(one => one.textContent === {}); \
         found?.click(); return Boolean(found)",
        json!(option)
    );
    until(browser, &format!("the button {option}"), &press, LOADING).await?;
    let answer = format!(
        "const all = [...widget.shadowRoot.querySelectorAll('.said')]; \
         const at = all.findLastIndex(one => one.classList.contains('me') && one.textContent === {}); \
         const next = at < 0 ? null : all[at + 1]; \
         const answer = next && !next.classList.contains('live') ? next.textContent : '';",
        json!(option)
    );
    let there = format!("{answer} return answer !== ''");
    until(
        browser,
        &format!("the answer to {option}"),
        &there,
        ANSWERING,
    )
    .await?;
    let answer = run(browser, &format!("{answer} return answer")).await?;
    Ok(answer.as_str().unwrap().to_owned())
}
