//! The widget as axe-core sees it: WCAG 2.2 AA in each of its states, and all of it by keyboard.
//!
//! axe-core comes from the npm registry, once for a build's folder; without npm the test says so and passes.

use std::path::PathBuf;
use std::process::Command;

use fantoccini::Client;
use fantoccini::error::CmdError;
use serde_json::{Value, json};

use crate::LOADING;
use crate::site::Site;
use crate::voice::{run, until};
use crate::widget::{ANSWER, Prepared, QUESTION, finished, page, prepared, visit, write};

pub const PACKAGE: &str = "axe-core@4.14.1";

/// The script; none without npm.
pub fn axe() -> Option<String> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("axe-core-4.14.1");
    let script = folder.join("package/axe.min.js");
    if !script.exists() {
        std::fs::create_dir_all(&folder).unwrap();
        let ran = |command: &mut Command| {
            command
                .current_dir(&folder)
                .status()
                .is_ok_and(|s| s.success())
        };
        let fetched = ran(Command::new("npm").args(["pack", "--silent", PACKAGE]))
            && ran(Command::new("tar").args(["xzf", "axe-core-4.14.1.tgz"]));
        if !fetched {
            return None;
        }
    }
    std::fs::read_to_string(script).ok()
}

/// What the rules find, in words.
async fn violations(browser: &Client, axe: &str) -> Result<Value, CmdError> {
    let script = format!(
        "{axe};const done = arguments[arguments.length - 1]; \
         axe.run('frontdesk-widget', {{ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }}) \
         .then(found => done(found.violations.map(one => [one.id, one.nodes[0].target.join(' '), one.nodes[0].failureSummary])), \
               error => done(String(error)))"
    );
    browser.execute_async(&script, vec![]).await
}

#[tokio::test]
async fn browser_widget_is_accessible() {
    let Some(axe) = axe() else {
        println!("skipped: this test needs npm and its registry, for {PACKAGE}");
        return;
    };
    let Some((_driver, prepared)) = prepared().await else {
        return;
    };
    let browser = prepared.browser.clone();
    finished(browser, "widget-axe-failure", looked_at(prepared, axe)).await;
}

async fn looked_at(prepared: Prepared, axe: String) -> Result<(), CmdError> {
    let (browser, line) = (&prepared.browser, &prepared.line);
    let site = Site::start(vec![
        ("/en", page("lang=\"en\"", line, ""), String::new()),
        ("/ar", page("lang=\"ar\"", line, ""), String::new()),
        (
            "/dark",
            page(
                "lang=\"en\"",
                &line.replace("data-site", "data-theme=\"dark\" data-site"),
                "",
            ),
            String::new(),
        ),
    ])
    .await;
    let menu = "in_shadow('header button:nth-of-type(2)').click()";
    let form = "const found = in_shadow('.menu button:nth-of-type(2)'); found?.click(); return Boolean(found)";
    let there = "return Boolean(in_shadow('.sheet form'))";
    for path in ["/en", "/ar", "/dark"] {
        visit(browser, &site, path).await?;
        assert_eq!(
            violations(browser, &axe).await?,
            json!([]),
            "{path}, closed"
        );
        assert_eq!(write(browser, QUESTION).await?, ANSWER);
        assert_eq!(violations(browser, &axe).await?, json!([]), "{path}, open");
        run(browser, menu).await?;
        until(
            browser,
            "the menu",
            "return Boolean(in_shadow('.menu button'))",
            LOADING,
        )
        .await?;
        assert_eq!(violations(browser, &axe).await?, json!([]), "{path}, menu");
        until(browser, "an entry of the menu", form, LOADING).await?;
        until(browser, "a form", there, LOADING).await?;
        assert_eq!(violations(browser, &axe).await?, json!([]), "{path}, form");
    }
    // By keyboard: the focus goes into the form and, when it is left, back; then out of the panel.
    visit(browser, &site, "/en").await?;
    let focus = "return widget.shadowRoot.activeElement?.localName ?? ''";
    run(browser, "in_shadow('.launch').focus(); widget.open()").await?;
    assert_eq!(run(browser, focus).await?, json!("textarea"));
    let escape = "in_shadow('.panel').dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, composed: true }))";
    run(browser, escape).await?;
    let closed = "return [in_shadow('.panel').hidden, widget.shadowRoot.activeElement.className, \
                  in_shadow('.launch').getAttribute('aria-expanded')]";
    assert_eq!(
        run(browser, closed).await?,
        json!([true, "launch", "false"])
    );
    // Everything that is operated is at least 24 px wide and high (2.5.8).
    run(browser, "widget.open()").await?;
    let small = "return [...widget.shadowRoot.querySelectorAll('button, input, textarea, select')] \
        .filter(one => one.offsetParent && !one.closest('.tiny') && !one.matches('.tiny') \
          && Math.min(one.offsetWidth, one.offsetHeight) < 24).map(one => one.outerHTML)";
    assert_eq!(run(browser, small).await?, json!([]));
    Ok(())
}
