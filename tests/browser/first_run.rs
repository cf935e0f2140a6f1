//! A new owner's first steps: from the setup link to the line on a website of another origin, where the chat opens and
//! answers.

use std::path::PathBuf;
use std::sync::Arc;

use fantoccini::error::CmdError;
use fantoccini::{Client, Locator};

use crate::desk::Desk;
use crate::driver::Driver;
use crate::site::Site;
use crate::widget::{finished, page, visit, write};
use crate::{ANSWERING, INDEXING, LOADING, PRICE, QUESTION, fill_setup, find, shoot, text, wait};

#[tokio::test]
async fn browser_first_steps_lead_from_the_setup_link_to_an_answer_on_the_owners_website() {
    let Some(driver) = Driver::start().await else {
        println!("skipped: this test needs /usr/bin/chromium and /usr/bin/chromedriver");
        return;
    };
    let desk = Arc::new(Desk::start().await);
    let browser = driver.browser().await;
    let walk = walk(browser.clone(), desk);
    finished(browser, "first-steps-failure", walk).await;
}

async fn walk(browser: Client, desk: Arc<Desk>) -> Result<(), CmdError> {
    let browser = &browser;
    fill_setup(browser, &desk).await?;
    tell_the_business(browser).await?;
    give_a_document(browser).await?;
    ask(browser).await?;
    let site = embed(browser).await?;

    visit(browser, &site, "/").await?;
    let answer = write(browser, QUESTION).await?;
    assert!(answer.contains(PRICE), "the answer was: {answer}");
    shoot(browser, "first-steps-on-the-website").await?;

    browser
        .goto(&format!("{}/welcome/website", desk.address))
        .await?;
    find(browser, "[data-walk=seen] .notice").await?;
    go_on(browser, "/welcome/machine").await?;
    find(browser, ".walk__parts .badge").await?;
    shoot(browser, "first-steps-machine").await?;
    find(browser, "form[action='/welcome/machine/save'] button")
        .await?
        .click()
        .await?;
    find(browser, ".walk__onward").await?;
    assert_eq!(text(browser, "h1").await?, "Your front desk is set up");
    Ok(())
}

async fn tell_the_business(browser: &Client) -> Result<(), CmdError> {
    let assistant = find(browser, "input[name=assistant]").await?;
    assert_eq!(browser.current_url().await?.path(), "/welcome/business");
    assistant.clear().await?;
    assistant.send_keys("Marla").await?;
    let days = browser.find_all(Locator::Css("input[name=hours]")).await?;
    assert_eq!(days.len(), 7);
    for day in days.iter().take(5) {
        day.send_keys("9-17").await?;
    }
    shoot(browser, "first-steps-business").await?;
    find(
        browser,
        "form[action='/welcome/business/save'] .button--primary",
    )
    .await?
    .click()
    .await
}

/// A dropped file is read while the page is open, and the step is done without loading it again.
async fn give_a_document(browser: &Client) -> Result<(), CmdError> {
    let guide =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/browser/fixtures/customer-guide.pdf");
    let picker = find(browser, "fd-upload input[type=file]").await?;
    assert_eq!(browser.current_url().await?.path(), "/welcome/knowledge");
    picker.send_keys(&guide.display().to_string()).await?;
    let ready = ".document[data-name='customer-guide.pdf'][data-state=ready]";
    wait(browser, ready, INDEXING).await?;
    shoot(browser, "first-steps-knowledge").await?;
    go_on(browser, "/welcome/try").await
}

async fn ask(browser: &Client) -> Result<(), CmdError> {
    find(browser, ".suggestion").await?;
    find(browser, "#question")
        .await?
        .send_keys(&format!("{QUESTION}\u{e007}"))
        .await?;
    let answered = "[data-answer]:not([aria-busy]) .answer__foot span";
    wait(browser, answered, ANSWERING).await?;
    let answer = text(browser, ".answer__text").await?;
    assert!(answer.contains(PRICE), "the answer was: {answer}");
    find(browser, ".source").await?;
    shoot(browser, "first-steps-try").await?;
    go_on(browser, "/welcome/website").await
}

/// Pastes the line into a page of another origin, and lets that origin show it.
async fn embed(browser: &Client) -> Result<Site, CmdError> {
    let line = text(browser, "#embed").await?;
    let site = Site::start(vec![("/", page("lang=\"en\"", &line, ""), String::new())]).await;
    find(browser, "input[name=sites]")
        .await?
        .send_keys(&site.address)
        .await?;
    find(browser, "form[action='/welcome/website/save'] button")
        .await?
        .click()
        .await?;
    assert!(text(browser, ".walk__sites").await?.contains(&site.address));
    shoot(browser, "first-steps-website").await?;
    Ok(site)
}

/// Follows the link that a step shows once it is done.
async fn go_on(browser: &Client, path: &str) -> Result<(), CmdError> {
    wait(browser, "[data-walk=foot] a.button--primary", LOADING)
        .await?
        .click()
        .await?;
    let there = format!(".walk__step[href='{path}'][aria-current]");
    find(browser, &there).await?;
    Ok(())
}
