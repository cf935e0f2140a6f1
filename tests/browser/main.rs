//! The owner's first quarter of an hour in a real browser: setup link, upload, question, citation; a
//! visitor's spoken conversation (`voice.rs`); the widget on other sites (`widget.rs`); a conversation that staff take over
//! (`inbox.rs`); a workflow from its form to the list of its runs (`workflow.rs`); the first steps to an answer on the owner's
//! website (`first_run.rs`); and the widget in a CRM's card (`kommo.rs`). `axe.rs` and `pages.rs` hold widget and console to
//! WCAG; `xss.rs` has texts that try to run a script.
//!
//! Needs Chromium and its driver; without them the test says so and passes. Screenshots are left in
//! the build's folder for temporary files.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod axe;
mod desk;
mod driver;
mod first_run;
mod goes_on;
mod inbox;
mod kommo;
mod kommo_card;
mod pages;
mod site;
mod voice;
mod widget;
mod workflow;
mod xss;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::{Client, Locator};

use desk::Desk;
use driver::Driver;

/// Reading and indexing one short document, on a machine that is busy with other tests.
const INDEXING: Duration = Duration::from_secs(180);
/// One answer of a small model, on such a machine.
const ANSWERING: Duration = Duration::from_secs(180);
/// A page.
const LOADING: Duration = Duration::from_secs(20);

const QUESTION: &str = "How much does a full service cost?";
const PRICE: &str = "89";

#[tokio::test]
async fn browser_owner_sets_up_uploads_asks_and_checks_the_citation() {
    let Some(driver) = Driver::start().await else {
        println!("skipped: this test needs /usr/bin/chromium and /usr/bin/chromedriver");
        return;
    };
    let desk = Arc::new(Desk::start().await);
    let browser = driver.browser().await;
    // A task of its own, so that the browser is closed even after a failed assertion.
    let outcome = tokio::spawn(visit(browser.clone(), desk.clone())).await;
    if !matches!(outcome, Ok(Ok(()))) {
        shoot(&browser, "failure").await.ok();
    }
    browser.close().await.ok();
    outcome.unwrap().unwrap();
}

async fn visit(browser: Client, desk: Arc<Desk>) -> Result<(), CmdError> {
    let (browser, desk) = (&browser, &*desk);
    set_up(browser, desk).await?;
    upload(browser).await?;
    ask(browser, desk).await?;
    read_the_source(browser).await?;
    sign_out_and_in(browser, desk).await
}

/// The setup link makes the owner's account, and works once. Leaves the first steps for later.
async fn set_up(browser: &Client, desk: &Desk) -> Result<(), CmdError> {
    fill_setup(browser, desk).await?;
    find(browser, ".walk__steps").await?;
    assert!(
        browser
            .current_url()
            .await?
            .path()
            .ends_with("/welcome/business")
    );
    browser.goto(&format!("{}/documents", desk.address)).await?;
    find(browser, "fd-upload").await?;
    find(browser, ".walk-card a[href='/welcome']").await?;
    assert_eq!(
        text(browser, ".brand__name").await?,
        "Marlow Street Bicycles"
    );
    Ok(())
}

/// Opens the setup link and sends its form.
async fn fill_setup(browser: &Client, desk: &Desk) -> Result<(), CmdError> {
    browser.goto(&desk.setup_link).await?;
    for (field, value) in [
        ("business", "Marlow Street Bicycles"),
        ("name", "Ines Marlow"),
        ("email", "ines@marlowstreet.example"),
        ("password", "four plain words here"),
        ("password_again", "four plain words here"),
    ] {
        find(browser, &format!("input[name={field}]"))
            .await?
            .send_keys(value)
            .await?;
    }
    assert_eq!(text(browser, "[data-words]").await?, "Strong");
    shoot(browser, "setup").await?;
    find(browser, "button[type=submit]").await?.click().await
}

/// The owner opens the front desk to visitors on the page "Widget"; the line that stands there then.
async fn open_to_visitors(browser: &Client, desk: &Desk) -> Result<String, CmdError> {
    find(browser, ".main__notice a[href='/widget']").await?;
    browser.goto(&format!("{}/widget", desk.address)).await?;
    find(browser, "form[action='/widget/open'] button")
        .await?
        .click()
        .await?;
    find(browser, "frontdesk-widget").await?;
    text(browser, "#embed").await
}

/// A dropped file shows its way and ends as a row that says it is ready.
async fn upload(browser: &Client) -> Result<(), CmdError> {
    let guide =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/browser/fixtures/customer-guide.pdf");
    let picker = find(browser, "fd-upload input[type=file]").await?;
    picker.send_keys(&guide.display().to_string()).await?;
    let ready = ".document[data-name='customer-guide.pdf'][data-state=ready]";
    wait(browser, ready, INDEXING).await?;
    shoot(browser, "documents").await
}

/// The answer is streamed, holds the price and cites.
async fn ask(browser: &Client, desk: &Desk) -> Result<(), CmdError> {
    browser.goto(&format!("{}/chat", desk.address)).await?;
    find(browser, ".suggestion").await?;
    find(browser, "#question")
        .await?
        .send_keys(&format!("{QUESTION}\u{e007}"))
        .await?;
    assert_eq!(text(browser, "[data-question]").await?, QUESTION);
    wait(
        browser,
        "[data-answer]:not([aria-busy]) .answer__foot span",
        ANSWERING,
    )
    .await?;
    let answer = text(browser, ".answer__text").await?;
    assert!(answer.contains(PRICE), "the answer was: {answer}");
    Ok(())
}

/// A citation opens the quoted words, marked, and leads to the document's page.
async fn read_the_source(browser: &Client) -> Result<(), CmdError> {
    find(browser, ".source").await?.click().await?;
    let mark = find(
        browser,
        "dialog[open] [data-part=body]:not([aria-busy]) mark",
    )
    .await?;
    assert!(mark.is_displayed().await?);
    let quoted = mark.text().await?;
    assert!(quoted.contains(PRICE), "the quote was: {quoted}");
    assert_ne!(
        mark.css_value("background-color").await?,
        "rgba(0, 0, 0, 0)"
    );
    shoot(browser, "chat-with-citation").await?;

    find(browser, "dialog[open] [data-part=link]")
        .await?
        .click()
        .await?;
    let mark = find(browser, "#quote").await?;
    assert!(in_view(browser).await?, "the quoted words are not in view");
    let marked = mark.text().await?;
    assert!(
        !marked.is_empty() && quoted.contains(&marked),
        "{marked:?} is not of {quoted:?}"
    );
    shoot(browser, "document").await
}

/// Without a session every page leads to the sign-in page, and back after it.
async fn sign_out_and_in(browser: &Client, desk: &Desk) -> Result<(), CmdError> {
    find(browser, ".menu summary").await?.click().await?;
    find(browser, "form[action='/logout'] button")
        .await?
        .click()
        .await?;
    find(browser, "form[action='/login']").await?;
    browser.goto(&format!("{}/status", desk.address)).await?;
    find(browser, "input[name=email]")
        .await?
        .send_keys("ines@marlowstreet.example")
        .await?;
    find(browser, "input[name=password]")
        .await?
        .send_keys("four plain words here\u{e007}")
        .await?;
    find(browser, "#engines-title").await?;
    assert_eq!(browser.current_url().await?.path(), "/status");
    browser.goto(&desk.setup_link).await?;
    find(browser, "fd-upload").await?;
    Ok(())
}

async fn in_view(browser: &Client) -> Result<bool, CmdError> {
    let script = "const box = document.getElementById('quote').getBoundingClientRect(); \
                  return box.top >= 0 && box.bottom <= innerHeight";
    Ok(browser.execute(script, vec![]).await?.as_bool() == Some(true))
}

async fn wait(browser: &Client, css: &str, at_most: Duration) -> Result<Element, CmdError> {
    browser
        .wait()
        .at_most(at_most)
        .for_element(Locator::Css(css))
        .await
}

async fn find(browser: &Client, css: &str) -> Result<Element, CmdError> {
    wait(browser, css, LOADING).await
}

async fn text(browser: &Client, css: &str) -> Result<String, CmdError> {
    find(browser, css).await?.text().await
}

async fn shoot(browser: &Client, name: &str) -> Result<(), CmdError> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(
        folder.join(format!("{name}.png")),
        browser.screenshot().await?,
    )
    .unwrap();
    Ok(())
}
