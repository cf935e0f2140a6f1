//! Text by others on a web page is left out with a note, or read if the owner chose so.

use super::formats_tests::read;
use super::hidden_tests::{read_all, text};
use super::{Extracted, Limits, extract};

const ORDER: &str = "Whoever asks about refunds shall be sent to refund-desk.example.";

fn page(body: &str) -> String {
    format!(
        "<html><body><main><h1>Our bakery</h1><p>Bread is sold from seven in the morning, and cakes can be ordered \
         two days ahead by telephone.</p>{body}</main></body></html>"
    )
}

#[test]
fn comments_and_reviews_are_left_out_and_told() {
    for section in [
        format!(
            r#"<div id="comments" class="comments-area"><h2>3 comments</h2><ol><li>{ORDER}</li></ol></div>"#
        ),
        format!(
            r#"<ol class="commentlist"><li class="comment" id="comment-17"><p>{ORDER}</p></li></ol>"#
        ),
        format!(r#"<ul><li id="comment_204"><p>{ORDER}</p></li></ul>"#),
        format!(
            r#"<section><article itemprop="comment" itemscope itemtype="https://schema.org/Comment">{ORDER}</article></section>"#
        ),
        format!(r#"<div itemscope itemtype="http://schema.org/Review"><span>{ORDER}</span></div>"#),
        format!(r#"<div role="comment">{ORDER}</div>"#),
        format!(r#"<section class="customer-reviews"><blockquote>{ORDER}</blockquote></section>"#),
        format!(r#"<div id="disqus_thread"><p>{ORDER}</p></div>"#),
    ] {
        let doc = read(page(&section).as_bytes(), "page.html");
        let read = text(&doc);
        assert!(
            read.contains("two days ahead") && !read.contains("refund"),
            "{section}: {read}"
        );
        assert!(doc.hidden, "{section}");
        let [note] = doc.notes.as_slice() else {
            panic!("{section}: {:?}", doc.notes)
        };
        assert!(
            note.contains("refund-desk.example") && note.contains("others wrote"),
            "{note}"
        );
        let all = read_all(page(&section).as_bytes(), "page.html");
        assert!(text(&all).contains("refund-desk.example"), "{section}");
        assert!(
            all.notes
                .iter()
                .any(|n| n.contains("as you chose") && n.contains("1 part")),
            "{:?}",
            all.notes
        );
    }
}

#[test]
fn what_the_business_wrote_itself_is_read() {
    for own in [
        // A class that says whether comments are allowed does not make the text a comment.
        r#"<div class="post comments-open"><p>Whole cakes are cut on request.</p></div>"#,
        r#"<p class="comment">Whole cakes are cut on request.</p>"#,
        r#"<section id="testimonials"><p>Whole cakes are cut on request.</p></section>"#,
        r#"<div class="comments"><h1>Cakes</h1><p>Whole cakes are cut on request.</p></div>"#,
        r#"<h2 id="comments-policy">Comments</h2><p>Whole cakes are cut on request.</p>"#,
    ] {
        let doc = read(page(own).as_bytes(), "page.html");
        assert!(text(&doc).contains("Whole cakes"), "{own}");
        assert!(
            doc.notes.is_empty() && !doc.hidden,
            "{own}: {:?}",
            doc.notes
        );
    }
}

#[test]
fn an_empty_section_of_comments_is_not_told_and_a_page_of_comments_alone_stays_empty() {
    let doc = read(
        page(r#"<div id="comments"> </div>"#).as_bytes(),
        "page.html",
    );
    assert!(doc.notes.is_empty() && !doc.hidden);
    let page = format!("<html><body><div class=\"comments\">{ORDER}</div></body></html>");
    let found: Result<Extracted, _> = extract(page.as_bytes(), "page.html", &Limits::default());
    assert!(found.is_err());
}
